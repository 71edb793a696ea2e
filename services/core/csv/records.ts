/** A delimited file as records of a feed, read as a stream. */
import type { FeedContract } from '../contract/types.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { type Converted, rowConverter } from './convert.ts'
import { detectForm } from './dialect.ts'
import { asciiBytes, cellDecoder, detectEncoding, type EncodingName } from './encoding.ts'
import { fixedRecords } from './fixed-width.ts'
import { columnsOf } from './mapping.ts'
import type { MappingFile, Position } from './mapping-schema.ts'
import { type Row, type RowForm, rowsOf } from './rows.ts'

export interface TableRecord {
  readonly line: number
  readonly converted: Converted
}

/** What a file looks like: declared by the mapping, detected from its first bytes where it is not. */
export interface TableForm {
  readonly encoding: EncodingName
  readonly rows: RowForm
}

/** What the gateway takes as one record, with room for quotes. */
const MAX_ROW_BYTES = 2 * 1024 * 1024
const SAMPLE_BYTES = 1024 * 1024

const ROW_FAULTS = {
  'malformed-row':
    'A quote is not closed, not doubled, or in a cell that is not quoted; `quotes: false` in the mapping makes it a character like any other.',
  'record-too-large': 'The row is larger than 2 MiB.',
} as const

/**
 * @param onUnmapped told of the columns that the mapping neither uses nor ignores, once the header was found to be one
 * @throws ConfigurationError when the header lacks a column of the mapping, or has it twice
 */
export async function* tableRecords(
  chunks: AsyncIterable<Buffer>,
  mapping: MappingFile,
  contract: FeedContract,
  path: string,
  onUnmapped: (columns: readonly string[]) => void,
): AsyncGenerator<TableRecord> {
  const { positions } = mapping
  if (positions !== undefined) {
    const { encoding, lineEnd, stream: lines } = await openLines(chunks, mapping, path)
    const names = positions.map(({ column }) => column)
    onUnmapped(checkHeader(names, { ...mapping, ignore: [...(mapping.ignore ?? []), ...checkedOnly(positions)] }, path))
    yield* fixedRecords(lines, lineEnd, { ...mapping, positions }, contract, cellDecoder(encoding), MAX_ROW_BYTES)
    return
  }
  const { form, stream } = await openTable(chunks, mapping, path)
  const decode = cellDecoder(form.encoding)
  let { header } = mapping
  if (header !== undefined) onUnmapped(checkHeader(header, mapping, path))
  let convert: ((cells: readonly string[]) => Converted) | undefined
  for await (const row of rowsOf(stream, form.rows, MAX_ROW_BYTES)) {
    if (header === undefined) {
      header = headerOf(row, decode, path)
      onUnmapped(checkHeader(header, mapping, path))
      continue
    }
    convert ??= rowConverter(mapping, contract, header, decode)
    yield { line: row.line, converted: convertRow(row, header, convert) }
  }
}

function convertRow(row: Row, header: readonly string[], convert: (cells: readonly string[]) => Converted): Converted {
  if (row.fault !== undefined) return refusedRow(row.fault, ROW_FAULTS[row.fault])
  const { cells } = row
  return cells.length === header.length
    ? convert(cells)
    : refusedRow('cell-count', `The row has ${cells.length} cells, and the header ${header.length}.`)
}

function refusedRow(rule: string, detail: string): Converted {
  return { refused: [{ pointer: '', rule, detail }] }
}

/** Columns that say what a line is. */
function checkedOnly(positions: readonly Position[]): readonly string[] {
  return positions.flatMap(({ column, equals }) => (equals === undefined ? [] : [column]))
}

async function openLines(chunks: AsyncIterable<Buffer>, declared: Pick<MappingFile, 'encoding'>, path: string) {
  const source = chunks[Symbol.asyncIterator]()
  const first = await gather(source)
  const encoding = declared.encoding ?? detectEncoding(first)
  const lineEnd = !first.includes(0x0a) && first.includes(0x0d) ? ('\r' as const) : ('\n' as const)
  return { encoding, lineEnd, stream: asciiBytes(joined(first, source), encoding, path) }
}

/** @returns the stream as bytes of which ASCII is one byte each, without a byte order mark */
export async function openTable(
  chunks: AsyncIterable<Buffer>,
  declared: Partial<Pick<MappingFile, 'encoding' | 'delimiter' | 'quotes'>>,
  path: string,
): Promise<{ readonly form: TableForm; readonly stream: AsyncIterable<Buffer> }> {
  const source = chunks[Symbol.asyncIterator]()
  const first = await gather(source)
  const encoding = declared.encoding ?? detectEncoding(first)
  const bytes = asciiBytes(joined(first, source), encoding, path)
  const head = await gather(bytes)
  const { delimiter, quotes } = declared
  const rows = await detectForm(head, {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(quotes === undefined ? {} : { quotes }),
  })
  if (rows === undefined)
    throw new ConfigurationError('The file cannot be read', [
      `${path}: no delimiter cuts its rows into the same number of cells; declare it in the mapping`,
    ])
  return { form: { encoding, rows }, stream: joined(head, bytes) }
}

async function gather(source: AsyncIterator<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let bytes = 0; bytes < SAMPLE_BYTES; ) {
    const step = await source.next()
    if (step.done) break
    chunks.push(step.value)
    bytes += step.value.length
  }
  return Buffer.concat(chunks)
}

async function* joined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first
  for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value
}

export function headerOf(row: Row, decode: (bytes: string) => string | undefined, path: string): readonly string[] {
  if (row.fault !== undefined)
    throw new ConfigurationError('The file cannot be read', [`${path}: line ${row.line}: ${ROW_FAULTS[row.fault]}`])
  return row.cells.map((cell) => decode(cell)?.trim() ?? '')
}

/** @returns the columns without a use; the names of a line that is no header stay unsaid, because they would be values */
export function checkHeader(header: readonly string[], mapping: MappingFile, path: string): readonly string[] {
  const used = mapping.fields.flatMap(columnsOf)
  const problems = [...new Set(used)].flatMap((name) => {
    const count = header.filter((column) => column === name).length
    return count === 1 ? [] : [`${path}: the header has ${count === 0 ? 'no' : `${count} times the`} column ${name}`]
  })
  if (problems.length > 0) throw new ConfigurationError('The file does not fit its mapping', problems)
  const known = new Set([...used, ...(mapping.ignore ?? [])])
  return header.filter((column) => column !== '' && !known.has(column))
}
