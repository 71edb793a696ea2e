/**
 * Records of a Parquet file: flat columns with the names of the feed's fields. A file is read in slices of rows; of a row group its compressed columns are in
 * memory, so that their size has a bound.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Compressors, FileMetaData, SchemaElement } from 'hyparquet'
import type { FeedContract } from '#core/contract/types.ts'
import type { Refusal } from '#core/csv/refusal.ts'
import { FAULTS, type RecordFault } from '#core/faults/codes.ts'
import { CUT_SHORT, unreadable } from './input.ts'
import { type ReadValue, type Stored, Unfit, valueReader } from './parquet-values.ts'
import type { SourceRecord } from './source-record.ts'

const SLICE_ROWS = 10_000
const MAX_GROUP_BYTES = 512 * 1024 * 1024

interface Column {
  readonly name: string
  readonly read: ReadValue
  /** What a value is refused for that cannot be read. */
  readonly fault: RecordFault
}

/** @throws ConfigurationError when the file is damaged, or its columns do not fit the feed, with each that does not */
export async function* parquetRecords(
  path: string,
  contract: FeedContract,
  progress: (part: number) => void,
): AsyncGenerator<SourceRecord> {
  if (!path.toLowerCase().endsWith('.parquet')) throw unreadable(path, 'a Parquet file is compressed by itself')
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const damaged = () => unreadable(path, CUT_SHORT)
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file, { geoparquet: false }).catch(() => {
    throw damaged()
  })
  const columns = columnsOf(metadata, contract, path)
  checkGroups(metadata, columns.length, file.byteLength, path)
  const stored = { ...metadata, schema: metadata.schema.map(withoutLogicalType) }
  const rows = Number(metadata.num_rows)
  for (const { from, to } of slicesOf(metadata)) {
    const values = new Map(
      columns.map(({ name }) => [name, Array.from({ length: to - from }, (): Stored => undefined)]),
    )
    const filled = new Map<string, number>()
    await parquetRead({
      file,
      metadata: stored,
      columns: columns.map(({ name }) => name),
      rowStart: from,
      rowEnd: to,
      utf8: false,
      geoparquet: false,
      compressors: COMPRESSORS,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const target = values.get(columnName)
        for (let at = Math.max(rowStart, from); at < Math.min(rowStart + columnData.length, to); at++) {
          if (target) target[at - from] = columnData[at - rowStart] as Stored
          filled.set(columnName, (filled.get(columnName) ?? 0) + 1)
        }
      },
    }).catch(() => {
      throw damaged()
    })
    // A column with fewer values than the file says would be null in the other rows.
    if (columns.some(({ name }) => filled.get(name) !== to - from)) throw damaged()
    for (let at = 0; at < to - from; at++) yield recordOf(from + at + 1, columns, (name) => values.get(name)?.[at])
    progress(to / rows)
  }
}

function recordOf(line: number, columns: readonly Column[], valueOf: (name: string) => Stored): SourceRecord {
  const record: Record<string, unknown> = {}
  const refused: Refusal[] = []
  for (const { name, read, fault } of columns) {
    const stored = valueOf(name)
    if (stored === null || stored === undefined) continue
    const value = read(stored)
    if (value === undefined) refused.push({ pointer: `/${name}`, rule: fault, detail: FAULTS[fault].text })
    else record[name] = value
  }
  return refused.length > 0 ? { line, refused } : { line, bytes: Buffer.from(JSON.stringify(record)) }
}

function columnsOf({ schema }: FileMetaData, contract: FeedContract, path: string): readonly Column[] {
  const [root, ...elements] = schema
  const problems: string[] = []
  const columns: Column[] = []
  const nested = elements.filter((element) => (element.num_children ?? 0) > 0 || element.repetition_type === 'REPEATED')
  for (const { name } of nested) problems.push(`column ${quoted(name)} is nested: a feed has flat fields`)
  if (nested.length > 0 || root?.num_children !== elements.length) throw unfit(path, problems)
  const seen = new Set<string>()
  for (const element of elements) {
    const { name } = element
    const field = contract.fields.find((one) => one.name === name)
    if (seen.has(name)) problems.push(`column ${quoted(name)} is there twice`)
    seen.add(name)
    if (!field) problems.push(`column ${quoted(name)} is no field of ${contract.feed}`)
    const read = field && valueReader(element, field)
    if (read instanceof Unfit) problems.push(`column ${quoted(name)}: ${read.why}`)
    else if (read) columns.push({ name, read, fault: faultOf(element) })
  }
  for (const { name, nullable, default: preset } of contract.fields)
    if (!seen.has(name) && !nullable && preset === undefined) problems.push(`column ${quoted(name)} is missing`)
  if (problems.length > 0) throw unfit(path, problems)
  return columns
}

/** A name may be anything: characters that a terminal acts on are escaped. */
const quoted = (name: string) => JSON.stringify(name)

function faultOf({ type, logical_type: logical }: SchemaElement): RecordFault {
  if (type === 'BYTE_ARRAY' && logical?.type !== 'DECIMAL') return 'charset'
  return logical?.type === 'TIMESTAMP' ? 'timestamp' : 'number-range'
}

function unfit(path: string, problems: readonly string[]) {
  return unreadable(path, problems.length > 0 ? problems.join('; ') : 'it has no columns')
}

/** What the file says of itself is compared before anything is read: sizes, places, numbers of values. */
function checkGroups(
  { num_rows: rows, row_groups: groups }: FileMetaData,
  columns: number,
  bytes: number,
  path: string,
) {
  let counted = 0n
  for (const { num_rows: groupRows, columns: chunks } of groups) {
    counted += groupRows
    let size = 0n
    for (const { meta_data: chunk } of chunks) {
      if (!chunk || chunk.num_values !== groupRows || chunk.total_compressed_size < 0n)
        throw unreadable(path, CUT_SHORT)
      const start = chunk.dictionary_page_offset ?? chunk.data_page_offset
      if (start < 4n || start + chunk.total_compressed_size > BigInt(bytes)) throw unreadable(path, CUT_SHORT)
      size += chunk.total_compressed_size
    }
    if (groupRows < 0n || chunks.length !== columns) throw unreadable(path, CUT_SHORT)
    if (size > MAX_GROUP_BYTES)
      throw unreadable(path, `a row group has more than ${MAX_GROUP_BYTES / 2 ** 20} MiB: write smaller ones`)
  }
  if (counted !== rows) throw unreadable(path, CUT_SHORT)
}

function* slicesOf({ row_groups: groups }: FileMetaData): Generator<{ readonly from: number; readonly to: number }> {
  let start = 0
  for (const { num_rows: rows } of groups) {
    const end = start + Number(rows)
    for (let from = start; from < end; from += SLICE_ROWS) yield { from, to: Math.min(from + SLICE_ROWS, end) }
    start = end
  }
}

function withoutLogicalType({ converted_type: _converted, logical_type: _logical, ...element }: SchemaElement) {
  return element
}

/** A page is never larger than it says. */
const COMPRESSORS: Compressors = {
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
}
