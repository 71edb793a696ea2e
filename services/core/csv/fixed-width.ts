/** A file of fixed width as rows: each column has its place in the line, counted in bytes, and no line names them. */
import type { FeedContract } from '../contract/types.ts'
import { type Converted, rowConverter } from './convert.ts'
import type { cellDecoder } from './encoding.ts'
import { linesOf } from './lines.ts'
import type { MappingFile, Position } from './mapping-schema.ts'

export interface FixedRecord {
  readonly line: number
  readonly converted: Converted
}

/**
 * A line that is shorter than its last column, or has another value where the mapping says which one, is refused: its other columns would be read at wrong places. Empty
 * lines are no rows. Padding is no part of a value.
 *
 * @param chunks bytes of which ASCII is one byte each
 */
export async function* fixedRecords(
  chunks: AsyncIterable<Buffer>,
  lineEnd: '\n' | '\r',
  mapping: MappingFile & { readonly positions: readonly Position[] },
  contract: FeedContract,
  decode: ReturnType<typeof cellDecoder>,
  maxRowBytes: number,
): AsyncGenerator<FixedRecord> {
  const { positions } = mapping
  const header = positions.map(({ column }) => column)
  const convert = rowConverter({ ...mapping, trim: true }, contract, header, decode)
  const width = Math.max(...positions.map(({ to }) => to))
  for await (const { number: line, text } of linesOf(chunks, lineEnd, maxRowBytes)) {
    const row = text?.replace(/\r$/, '')
    if (row === '') continue
    if (row === undefined) yield refused(line, 'record-too-large', 'The line is larger than 2 MiB.')
    else if (row.length < width)
      yield refused(line, 'cell-count', `The line has ${row.length} bytes, and its columns end at ${width}.`)
    else {
      const cells = positions.map(({ from, to }) => row.slice(from - 1, to))
      const other = positions.find(({ equals }, at) => equals !== undefined && cells[at]?.trim() !== equals)
      yield other === undefined
        ? { line, converted: convert(cells) }
        : refused(line, 'malformed-row', 'The line is not of the form of the mapping.', `column ${other.column}`)
    }
  }
}

function refused(line: number, rule: string, detail: string, path?: string): FixedRecord {
  return { line, converted: { refused: [{ pointer: '', ...(path === undefined ? {} : { path }), rule, detail }] } }
}
