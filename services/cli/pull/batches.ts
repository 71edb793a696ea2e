/** The rows of a statement after a position, in batches that end where the value of the cursor changes. Read through a cursor of the server: a batch is in memory, and no more. */

import type { Converted } from '#core/csv/convert.ts'
import type { Refusal } from '#core/csv/refusal.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { type Cells, type Column, type Database, identifier } from './database.ts'
import type { CursorValue } from './state.ts'

export interface PullBatch {
  /** NDJSON of the records. */
  readonly body: Buffer
  /** Number of the row of each record in the body, from 1 in this run. */
  readonly rows: readonly number[]
  readonly refused: readonly { readonly row: number; readonly refusals: readonly Refusal[] }[]
  /** Of its last row. */
  readonly end: CursorValue
  /** Rows, also those that are refused. */
  readonly count: number
}

export interface PullOptions {
  /** Without a semicolon. */
  readonly statement: string
  readonly columns: readonly Column[]
  /** Names of columns; together they order the rows. */
  readonly cursor: readonly string[]
  readonly convert: (cells: Cells) => Converted
  readonly batchRecords: number
}

const FETCH_ROWS = 1_000
/** Below what the gateway takes, with what one more row may have. */
const BATCH_BYTES = 4 * 1024 * 1024
const MAX_BATCH_BYTES = 12 * 1024 * 1024

/**
 * @param after rows up to here were read
 * @param until rows beyond are left: they are one batch, because they were sent as one
 */
export async function* pullBatches(
  database: Database,
  { statement, columns, cursor, convert, batchRecords }: PullOptions,
  after: CursorValue | undefined,
  until: CursorValue | undefined,
): AsyncGenerator<PullBatch> {
  const places = cursor.map((name) => columns.findIndex((column) => column.name === name))
  const names = cursor.map((name) => `chainon_source.${identifier(name)}`)
  const parameters: string[] = []
  const bound = (values: CursorValue | undefined, comparison: string) =>
    values === undefined
      ? []
      : [`(${names.join(', ')}) ${comparison} (${values.map((value) => `$${parameters.push(value)}`).join(', ')})`]
  const where = [...names.map((name) => `${name} IS NOT NULL`), ...bound(after, '>'), ...bound(until, '<=')]
  const wholeRange = until !== undefined
  let batch = newBatch()
  let row = 0
  await database.ask('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  try {
    await database.ask(
      `DECLARE chainon_rows NO SCROLL CURSOR FOR SELECT * FROM (${statement}) AS chainon_source WHERE ${where.join(' AND ')} ORDER BY ${names.join(', ')}`,
      parameters,
    )
    for (;;) {
      const fetched = await database.ask(`FETCH ${FETCH_ROWS} FROM chainon_rows`)
      for (const cells of fetched) {
        const at = places.map((place) => cells[place] ?? '')
        const full = batch.count >= batchRecords || batch.bytes >= BATCH_BYTES
        if (full && !wholeRange && batch.end.some((value, i) => value !== at[i])) {
          yield taken(batch)
          batch = newBatch()
        }
        addRow(batch, ++row, at, convert(cells))
        if (batch.bytes > MAX_BATCH_BYTES)
          throw new ConfigurationError('The cursor does not divide the rows', [
            `more rows than a request may have are the same in ${cursor.join(', ')}: add a column that tells them apart, for instance --cursor ${[...cursor, 'id'].join(',')}`,
          ])
      }
      if (fetched.length < FETCH_ROWS) break
    }
    if (batch.count > 0) yield taken(batch)
  } finally {
    // The connection may be the reason.
    await database.ask('ROLLBACK').catch(() => undefined)
  }
}

interface Growing {
  readonly lines: Buffer[]
  readonly rows: number[]
  readonly refused: PullBatch['refused'][number][]
  end: CursorValue
  bytes: number
  count: number
}

function newBatch(): Growing {
  return { lines: [], rows: [], refused: [], end: [], bytes: 0, count: 0 }
}

function addRow(batch: Growing, row: number, end: CursorValue, converted: Converted): void {
  batch.end = end
  batch.count++
  if ('refused' in converted) {
    batch.refused.push({ row, refusals: converted.refused })
    return
  }
  const line = Buffer.from(`${JSON.stringify(converted.record)}\n`)
  batch.lines.push(line)
  batch.rows.push(row)
  batch.bytes += line.length
}

function taken({ lines, rows, refused, end, count }: Growing): PullBatch {
  return { body: Buffer.concat(lines), rows, refused, end, count }
}
