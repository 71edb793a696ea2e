/**
 * Rows of a delimited file (RFC 4180, any delimiter of one byte), from bytes of which ASCII is one byte each. Written here, because a reader must go on
 * after a bad row, with the right number of the line: csv-parse 7.0.3 loses the rows after a quote that is not closed and after a row that is too long.
 */
import { type Line, linesOf } from './lines.ts'

/** `line`: of the file, from 1, where the row begins. */
export type Row =
  | { readonly line: number; readonly fault?: undefined; readonly cells: readonly string[] }
  | { readonly line: number; readonly fault: 'malformed-row' | 'record-too-large' }

export interface RowForm {
  /** One ASCII character. */
  readonly delimiter: string
  /** False where a quote is a character like any other. */
  readonly quotes: boolean
  readonly lineEnd: '\n' | '\r'
}

const QUOTE = '"'

/**
 * Cells are bytes as characters (ISO 8859-1), to be decoded. Empty lines are no rows. A row is malformed when its quote is not closed, not doubled, or
 * in a cell that does not begin with one; the next line then begins the next row. Memory is bounded by `maxRowBytes` and a chunk.
 */
export async function* rowsOf(chunks: AsyncIterable<Buffer>, form: RowForm, maxRowBytes: number): AsyncGenerator<Row> {
  const reader = new RowReader(form, maxRowBytes)
  for await (const line of linesOf(chunks, form.lineEnd, maxRowBytes)) yield* reader.take(line)
  yield* reader.end()
}

class RowReader {
  readonly #form: RowForm
  readonly #maxRowBytes: number
  /** Lines of a row whose quote is open. */
  #open: Line[] = []
  #bytes = 0

  constructor(form: RowForm, maxRowBytes: number) {
    this.#form = form
    this.#maxRowBytes = maxRowBytes
  }

  *take(line: Line): Generator<Row> {
    if (line.text === undefined) {
      yield* this.end()
      yield { line: line.number, fault: 'record-too-large' }
      return
    }
    if (this.#open.length === 0 && (line.text === '' || line.text === '\r')) return
    const odd = this.#form.quotes && hasOddQuotes(line.text)
    this.#open.push(line)
    this.#bytes += line.text.length + 1
    // Quotes come in pairs, so that a row ends only where their number is even: no line is looked at more than a few times.
    if (odd === (this.#open.length === 1)) {
      if (this.#bytes > this.#maxRowBytes) yield* this.#refuse('record-too-large')
      return
    }
    const cells = readRow(this.#open.map(({ text }) => text).join(this.#form.lineEnd), this.#form)
    if (cells === undefined) yield* this.#refuse('malformed-row')
    else {
      yield { line: (this.#open[0] as Line).number, cells }
      this.#clear()
    }
  }

  /** The file ends: a quote that is open is closed no more. */
  *end(): Generator<Row> {
    while (this.#open.length > 0) yield* this.#refuse('malformed-row')
  }

  /** Refuses the row by its first line, and reads the others again without it. */
  *#refuse(fault: 'malformed-row' | 'record-too-large'): Generator<Row> {
    const [first, ...others] = this.#open
    this.#clear()
    if (first) yield { line: first.number, fault }
    for (const line of others) yield* this.take(line)
  }

  #clear(): void {
    this.#open = []
    this.#bytes = 0
  }
}

function hasOddQuotes(text: string): boolean {
  let odd = false
  for (let at = text.indexOf(QUOTE); at !== -1; at = text.indexOf(QUOTE, at + 1)) odd = !odd
  return odd
}

/** @returns the cells of a row with an even number of quotes; undefined when it is malformed */
function readRow(text: string, { delimiter, quotes }: RowForm): readonly string[] | undefined {
  const row = text.endsWith('\r') ? text.slice(0, -1) : text
  if (!quotes || !row.includes(QUOTE)) return row.split(delimiter)
  const cells: string[] = []
  for (let from = 0; ; ) {
    if (row[from] !== QUOTE) {
      const end = row.indexOf(delimiter, from)
      const cell = end === -1 ? row.slice(from) : row.slice(from, end)
      if (cell.includes(QUOTE)) return undefined
      cells.push(cell)
      if (end === -1) return cells
      from = end + 1
      continue
    }
    let close = row.indexOf(QUOTE, from + 1)
    while (close !== -1 && row[close + 1] === QUOTE) close = row.indexOf(QUOTE, close + 2)
    if (close === -1) return undefined
    cells.push(row.slice(from + 1, close).replaceAll('""', QUOTE))
    if (close === row.length - 1) return cells
    if (row[close + 1] !== delimiter) return undefined
    from = close + 2
  }
}
