/** The first rows of a file, by column. */

import { cellDecoder } from '#core/csv/encoding.ts'
import { headerOf, openTable, type TableForm } from '#core/csv/records.ts'
import { rowsOf } from '#core/csv/rows.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Column } from './propose.ts'

export interface Sample {
  readonly form: TableForm
  readonly columns: readonly Column[]
  /** Rows that have another number of cells than the header, or cannot be read. */
  readonly unreadable: number
}

const MAX_ROWS = 5_000
const MAX_BYTES = 32 * 1024 * 1024

/** @throws ConfigurationError when the file is empty, has no delimiter or no header */
export async function readSample(chunks: AsyncIterable<Buffer>, path: string): Promise<Sample> {
  const { form, stream } = await openTable(chunks, {}, path)
  const decode = cellDecoder(form.encoding)
  let header: readonly string[] | undefined
  const values: string[][] = []
  let rows = 0
  let bytes = 0
  let unreadable = 0
  for await (const row of rowsOf(stream, form.rows, MAX_BYTES)) {
    if (header === undefined) {
      header = headerOf(row, decode, path)
      continue
    }
    if (row.fault !== undefined || row.cells.length !== header.length) unreadable++
    else {
      rows++
      for (const [at, cell] of row.cells.entries()) {
        const text = decode(cell) ?? ''
        bytes += text.length
        const column = (values[at] ??= [])
        if (text.trim() !== '') column.push(text)
      }
    }
    if (rows + unreadable >= MAX_ROWS || bytes > MAX_BYTES) break
  }
  if (header === undefined) throw new ConfigurationError('The file cannot be read', [`${path}: it is empty`])
  // A file without a header has values there, which are not repeated.
  if (header.some((name) => /^[\d\s/.,:-]+$/.test(name)))
    throw new ConfigurationError('No mapping can be proposed', [
      `${path}: its first line has a number or a date where the name of a column should be; for a file without a header, write the mapping by hand (header)`,
    ])
  return { form, unreadable, columns: header.map((name, at) => ({ name, values: values[at] ?? [], rows })) }
}
