/** CSV (RFC 4180) with a header: comma, semicolon, tab or bar, as the header has; quotes, CRLF and a byte-order mark. */

export interface Table {
  readonly columns: readonly string[]
  /** Without the header; a row may be shorter than the header. */
  readonly rows: readonly (readonly string[])[]
}

/** @returns rows of cells; empty lines are left out */
export function parseCsv(text: string): Table {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text
  const end = body.search(/[\r\n]/)
  const header = end < 0 ? body : body.slice(0, end)
  const separator = [',', ';', '\t', '|'].toSorted((a, b) => header.split(b).length - header.split(a).length)[0] ?? ','
  const rows = body.includes('"') ? quotedRows(body, separator) : plainRows(body, separator)
  const [columns = [], ...rest] = rows
  return { columns: columns.map((column) => column.trim()), rows: rest }
}

function plainRows(text: string, separator: string): string[][] {
  const rows: string[][] = []
  for (const line of text.split(/\r\n|\n|\r/)) if (line !== '') rows.push(line.split(separator))
  return rows
}

function quotedRows(text: string, separator: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  const endRow = () => {
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
  }
  while (at < text.length) {
    const quoted = / *"/y
    quoted.lastIndex = at
    let cell = ''
    if (quoted.test(text)) {
      at = quoted.lastIndex
      for (;;) {
        const close = text.indexOf('"', at)
        if (close < 0) {
          cell += text.slice(at)
          at = text.length
          break
        }
        cell += text.slice(at, close)
        at = close + 1
        if (text[at] !== '"') break
        cell += '"'
        at++
      }
    }
    const stop = nextStop(text, at, separator)
    cell += text.slice(at, stop)
    row.push(cell)
    at = stop
    if (text[at] === separator) {
      at++
      if (at === text.length) row.push('')
      continue
    }
    endRow()
    at += text.startsWith('\r\n', at) ? 2 : 1
  }
  if (row.length > 0) endRow()
  return rows
}

function nextStop(text: string, from: number, separator: string): number {
  let at = from
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++
  return at
}
