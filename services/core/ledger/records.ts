/**
 * Whether a feed's table still has what was inserted: each record, in the highest version that ever was. `record_loaded` has these, written by
 * ClickHouse itself. Both tables are in the order of the record's id, so that a range of ids is a slice of both, and a pass
 * reads as many slices as it may. A superseded row is not missed; a deleted row, a detached or a lost part is.
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { tableOf } from '../contract/names.ts'
import { literal, quote } from '../contract/table.ts'
import { type Finding, findingId, openFindings } from './findings.ts'
import { missingRows } from './origins.ts'
import type { Place } from './tiles.ts'

/** Where the next slice begins. */
export interface Cursor {
  readonly feed: number
  /** First bytes of the record ids, in hexadecimal; empty: from the first. */
  readonly after: string
}

export const FIRST_SLICE: Cursor = { feed: 0, after: '' }

/** @returns how far the batches of a place are complete: one past the last origin of a tile; 0 where there is none */
export type EndOf = (place: Place) => number

export interface SliceOutcome {
  readonly next: Cursor
  /** Records of the slice. */
  readonly records: number
  readonly findings: readonly Finding[]
}

/**
 * Checks one slice of one feed.
 *
 * @param atMost records of a slice; more when more have the same first bytes
 * @param now milliseconds since 1970
 */
export async function checkSlice(
  clickhouse: ClickHouseClient,
  feeds: readonly string[],
  cursor: Cursor,
  atMost: number,
  endOf: EndOf,
  now: number,
): Promise<SliceOutcome> {
  const feed = feeds[cursor.feed]
  if (feed === undefined) return { next: FIRST_SLICE, records: 0, findings: [] }
  const { last, records, more } = await sliceEnd(clickhouse, feed, cursor.after, atMost)
  const next: Cursor = more ? { feed: cursor.feed, after: last } : { feed: cursor.feed + 1, after: '' }
  if (records === 0) return { next, records, findings: [] }
  const lost = (await missingOf(clickhouse, feed, cursor.after, last)).filter((row) => row.offset < endOf(row))
  return { next, records, findings: await report(clickhouse, lost, now) }
}

/** @returns the last first bytes of the slice, in hexadecimal, and whether there are records after it */
async function sliceEnd(
  clickhouse: ClickHouseClient,
  feed: string,
  after: string,
  atMost: number,
): Promise<{ last: string; records: number; more: boolean }> {
  const result = await clickhouse.query({
    query: `SELECT hex(max(prefix)) AS last, count() AS records FROM (
              SELECT prefix FROM record_loaded WHERE feed = ${literal(feed)} AND ${beyond('prefix', after)}
              ORDER BY feed, prefix LIMIT ${atMost})`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ last: string; records: string }>()
  const records = Number(row?.records ?? 0)
  return { last: row?.last ?? '', records, more: records === atMost }
}

const PREFIX_BYTES = 6
const bytes = (hex: string) => `toFixedString(unhex('${hex}'), ${PREFIX_BYTES})`

/** @returns the condition that a column is after the given first bytes */
function beyond(column: string, after: string): string {
  return after === '' ? '1' : `${column} > ${bytes(after)}`
}

interface MissingRecord extends Place {
  readonly offset: number
  readonly record: string
  readonly version: string
}

/** A loss is reported with its first and last origin, so that more of them are not needed at once. */
const MOST_ROWS = 100_000

async function missingOf(
  clickhouse: ClickHouseClient,
  feed: string,
  after: string,
  last: string,
): Promise<readonly MissingRecord[]> {
  // Every id with the same first bytes is in the same slice: the end of the range of ids is the next string of that length.
  const first = after === '' ? '' : ` AND record_id >= unhex('${successor(after)}')`
  const end = successor(last)
  const before = end === '' ? '' : ` AND record_id < unhex('${end}')`
  const result = await clickhouse.query({
    query: `
      SELECT feed, incarnation, partition, offset, toString(record) AS record, toString(w.version) AS version
      FROM (SELECT feed, incarnation, partition, offset, record, version FROM record_loaded FINAL
            WHERE feed = ${literal(feed)} AND ${beyond('prefix', after)} AND prefix <= ${bytes(last)}) AS w
      LEFT JOIN (SELECT cityHash64(record_id) AS record, max(_version) AS version FROM ${quote(tableOf(feed))}
                 WHERE 1${first}${before} GROUP BY record) AS t ON w.record = t.record
      WHERE t.version < w.version AND (w.record, w.version) NOT IN (SELECT record, version FROM record_missing WHERE feed = ${literal(feed)})
      LIMIT ${MOST_ROWS}`,
    format: 'JSONEachRow',
  })
  type Row = Omit<MissingRecord, 'offset'> & { readonly offset: string }
  return (await result.json<Row>()).map((row) => ({ ...row, offset: Number(row.offset) }))
}

/** @returns the next string of the same length, in hexadecimal, without zero bytes at its end; empty after the last one */
function successor(hex: string): string {
  const next = BigInt(`0x${hex}`) + 1n
  const text = next.toString(16).padStart(hex.length, '0')
  return text.length > hex.length ? '' : text.replace(/(00)+$/, '')
}

/** Opens one finding for each place. Its records are remembered, so that the next pass does not report them again under another range. */
async function report(
  clickhouse: ClickHouseClient,
  lost: readonly MissingRecord[],
  now: number,
): Promise<readonly Finding[]> {
  if (lost.length === 0) return []
  const findings: Finding[] = []
  const remembered: object[] = []
  const places = Map.groupBy(lost, ({ incarnation, partition }) => `${incarnation}:${partition}`)
  for (const [place, ...others] of places.values()) {
    if (!place) continue
    const rows = [place, ...others]
    const offsets = rows.map(({ offset }) => offset)
    const first = offsets.reduce((a, b) => Math.min(a, b))
    const finding = missingRows(place, rows.length, first, offsets.reduce((a, b) => Math.max(a, b)) + 1)
    findings.push(finding)
    const finding_id = findingId(finding)
    for (const { feed, record, version } of rows) remembered.push({ feed, record, version, finding_id })
  }
  const opened = await openFindings(clickhouse, findings, now)
  await clickhouse.insert({ table: 'record_missing', values: remembered, format: 'JSONEachRow' })
  return opened
}
