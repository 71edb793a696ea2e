/**
 * ClickHouse stores the part of a table before those of its views: killed between the two, it has rows that the witness's tables lack. They are
 * added from the tables. Of a feed's table that must happen before a merge removes a superseded row: `curate` does it when the outcome of an
 * insert is not known, before it looks for missing rows, so that a row is either in the witness's tables or inserted again.
 */
import { createHash } from 'node:crypto'
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { tableOf } from '../contract/names.ts'
import { literal, quote } from '../contract/table.ts'
import { inRange, type OriginRange } from './origin-range.ts'

/**
 * @param ended waits until what may be between a table and its views now has ended; a range that has a tile needs none
 * @throws Error of ClickHouse; what was added stays, and the next call adds the rest
 */
export async function completeWitness(
  clickhouse: ClickHouseClient,
  range: OriginRange,
  ended: () => Promise<void> = async () => undefined,
): Promise<void> {
  const ofPlace = (prefix: string) =>
    `${prefix}incarnation = ${literal(range.incarnation)} AND ${prefix}partition = ${range.partition}`
  const bounds = (column: string) =>
    `${column} >= ${range.from}${range.to === undefined ? '' : ` AND ${column} < ${range.to}`}`
  const lacking = (column: string, table: string) =>
    `${bounds(column)} AND ${column} NOT IN (SELECT offset FROM ${table} WHERE ${inRange(range)})`
  const loaded = `FROM ${quote(tableOf(range.feed))} WHERE ${ofPlace('_origin_')} AND ${lacking('_origin_offset', 'origin_loaded')}`
  const origin = '_origin_incarnation, _origin_partition, _origin_offset'
  // Rows that come after the first look may be those of a statement that still writes its views.
  const origins = await originsOf(clickhouse, '_origin_offset', loaded)
  if (origins.length === 0) return
  await ended()
  const still = new Set(await originsOf(clickhouse, '_origin_offset', loaded))
  await addOnce(
    clickhouse,
    range,
    origins.filter((one) => still.has(one)),
    [
      (some) => `INSERT INTO record_loaded (feed, prefix, record, version, incarnation, partition, offset)
     SELECT ${literal(range.feed)}, substring(record_id, 1, 6), cityHash64(record_id), _version, ${origin} ${loaded} AND _origin_offset IN (${some})`,
      (some) => `INSERT INTO origin_loaded (feed, incarnation, partition, offset)
     SELECT DISTINCT ${literal(range.feed)}, ${origin} ${loaded} AND _origin_offset IN (${some})`,
    ],
  )
}

/** The same for the quarantine, of which no row is ever superseded. */
export async function completeQuarantined(clickhouse: ClickHouseClient, range: OriginRange): Promise<void> {
  const end = range.to === undefined ? '' : ` AND origin_offset < ${range.to}`
  const lacking = `FROM quarantine WHERE feed = ${literal(range.feed)} AND incarnation = ${literal(range.incarnation)} AND partition = ${range.partition}
    AND origin_offset >= ${range.from}${end} AND origin_offset NOT IN (SELECT offset FROM origin_quarantined WHERE ${inRange(range)})`
  await addOnce(clickhouse, range, await originsOf(clickhouse, 'origin_offset', lacking), [
    (some) => `INSERT INTO origin_quarantined (feed, incarnation, partition, offset)
     SELECT feed, incarnation, partition, origin_offset ${lacking} AND origin_offset IN (${some})`,
  ])
}

async function originsOf(clickhouse: ClickHouseClient, column: string, rows: string): Promise<readonly string[]> {
  const result = await clickhouse.query({
    query: `SELECT DISTINCT toString(${column}) AS origin ${rows} ORDER BY ${column}`,
    format: 'JSONEachRow',
  })
  return (await result.json<{ origin: string }>()).map(({ origin }) => origin)
}

/** Few: what one insert stored when ClickHouse was killed. */
const ORIGINS_PER_STATEMENT = 5000

/** Two processes that find the same rows at once add them once: the token names them. */
async function addOnce(
  clickhouse: ClickHouseClient,
  { feed, incarnation, partition }: OriginRange,
  origins: readonly string[],
  statements: readonly ((some: string) => string)[],
): Promise<void> {
  for (let at = 0; at < origins.length; at += ORIGINS_PER_STATEMENT) {
    const some = origins.slice(at, at + ORIGINS_PER_STATEMENT).join()
    const which = createHash('sha256').update(some).digest('hex').slice(0, 16)
    const token = `witness:${feed}:${incarnation}:${partition}:${which}`
    for (const statement of statements)
      await clickhouse.command({ query: statement(some), clickhouse_settings: { insert_deduplication_token: token } })
  }
}
