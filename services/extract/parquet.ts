/**
 * Parquet files: written by ClickHouse, streamed to the disk, read back by another implementation (hyparquet) before the
 * manifest is written.
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet'
import { asDependencyError, type Warehouse } from './warehouse.ts'

export interface WrittenFile {
  readonly bytes: number
  readonly sha256: string
}

export interface ParquetContent {
  readonly rows: number
  readonly columns: readonly string[]
  /** Distinct values of the first column, by which the rows are sorted. */
  readonly persons: number
}

/**
 * One thread over one sorted part, and groups of a fixed number of rows: the same rows give the same bytes. Snappy, because
 * every reader of Parquet supports it.
 */
const SETTINGS = [
  'max_threads = 1',
  'optimize_read_in_order = 1',
  "output_format_parquet_compression_method = 'snappy'",
  'output_format_parquet_row_group_size = 131072',
  'output_format_parquet_string_as_string = 1',
  'output_format_parquet_parallel_encoding = 0',
].join(', ')

/**
 * @param table quoted name
 * @param order quoted columns of the table's sorting key
 * @param path must not exist; made with mode 0600
 */
export async function writeParquet(
  warehouse: Warehouse,
  table: string,
  order: readonly string[],
  path: string,
): Promise<WrittenFile> {
  const source = await warehouse.stream(
    `SELECT * FROM ${table} ORDER BY ${order.join(', ')} FORMAT Parquet SETTINGS ${SETTINGS}`,
  )
  const hash = createHash('sha256')
  let bytes = 0
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  try {
    await pipeline(source, count, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }))
  } catch (error) {
    throw asDependencyError(error)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/**
 * Decodes the first column of every row group, so that it counts rows that can be read, not only those that the metadata announces.
 * @throws Error when the file is not Parquet
 */
export async function readParquet(path: string): Promise<ParquetContent> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const columns = parquetSchema(metadata).children.map((child) => child.element.name)
  const [first] = columns
  let rows = 0
  let persons = 0
  let previous: unknown
  let start = 0
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows)
    if (first !== undefined && end > start) {
      await parquetRead({
        file,
        metadata,
        columns: [first],
        rowStart: start,
        rowEnd: end,
        onChunk: ({ columnData }) => {
          rows += columnData.length
          for (let i = 0; i < columnData.length; i++) {
            if (columnData[i] !== previous) persons += 1
            previous = columnData[i]
          }
        },
      })
    }
    start = end
  }
  return { rows, columns, persons }
}
