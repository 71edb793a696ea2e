/**
 * The tiles of the ledger, as they are read: for each partition of an incarnation one verified range (`ledger_verified`, all tiles up to
 * its end together) and the runs of the tiles after it. The cost of a reading depends on the tiles that are not verified yet, not on the
 * age of the installation.
 */
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { literal } from '../contract/table.ts'
import type { Tile } from './reconcile.ts'

/** Where offsets are counted. */
export interface Place {
  readonly feed: string
  readonly incarnation: string
  readonly partition: number
}

/** Tiles next to each other whose outcomes add up, as one. */
export interface Run extends Tile {
  /** How many tiles of `ledger_batch` it is made of. */
  readonly tiles: number
  /** When the last of them was written, ms since 1970. */
  readonly loadedAt: number
}

/** All tiles of a place up to its end, counted and verified. */
export interface Verified extends Run {
  /** Rows of `origin_loaded` in the range when it was verified. */
  readonly origins: number
}

export interface PlaceTiles extends Place {
  /** Undefined until the witness has verified the first tile. */
  readonly verified: Verified | undefined
  /** The verified range when the number of its tiles has changed since: then all tiles are among the runs, and `verified` is undefined. */
  readonly disputed?: Verified
  /** In the order of their first offset. */
  readonly runs: readonly Run[]
}

/** A query has one condition for each place: far more text than a query of the usual length. */
const LONG_QUERY = { max_query_size: '16777216', max_ast_elements: '1000000', max_expanded_ast_elements: '1000000' }

/** @returns the condition that an origin or a tile is in the place */
export function inPlace({ feed, incarnation, partition }: Place): string {
  return `feed = ${literal(feed)} AND incarnation = ${literal(incarnation)} AND partition = ${partition}`
}

/**
 * The verified ranges and the tiles after them. Where a place has more or fewer tiles than these together (a second tile in a verified
 * range, a tile that was lost, a place that is new), all its tiles are read.
 */
export async function readTiles(clickhouse: ClickHouseClient): Promise<readonly PlaceTiles[]> {
  const { verified, before } = await readVerified(clickhouse)
  if (verified.length === 0) return merge([], await readRuns(clickhouse, '1'))
  const places = merge(verified, await readRuns(clickhouse, afterVerified(verified)))
  const known = places.reduce((sum, place) => sum + tilesOf(place), 0)
  // Tiles that were written since `before` may be among the runs; a tile that was lost is in neither count.
  if (known === before || (known > before && known <= (await countTiles(clickhouse)))) return places
  const others = await otherPlaces(clickhouse, places)
  if (others.length === 0) return places
  const again = await readRuns(clickhouse, others.map((place) => `(${inPlace(place)})`).join(' OR '))
  const keys = new Set(others.map(keyOf))
  const found = new Map(merge([], again).map((place) => [keyOf(place), place]))
  return [
    ...places.filter((place) => !keys.has(keyOf(place))),
    ...others.map((place): PlaceTiles => {
      const disputed = verified.find((one) => keyOf(one) === keyOf(place))?.verified
      const { runs = [] } = found.get(keyOf(place)) ?? {}
      return { ...place, verified: undefined, runs, ...(disputed ? { disputed } : {}) }
    }),
  ]
}

/** @returns the places that have another number of tiles than is known; those of ClickHouse, and those that are no longer there */
async function otherPlaces(clickhouse: ClickHouseClient, places: readonly PlaceTiles[]): Promise<readonly Place[]> {
  const result = await clickhouse.query({
    query: 'SELECT feed, incarnation, partition, count() AS n FROM ledger_batch GROUP BY feed, incarnation, partition',
    format: 'JSONEachRow',
  })
  const stored = new Map((await result.json<Place & { n: string }>()).map((place) => [keyOf(place), place]))
  const known = new Map(places.map((place) => [keyOf(place), place]))
  return [...new Map<string, Place>([...known, ...stored])]
    .filter(([key]) => Number(stored.get(key)?.n ?? 0) !== tilesOf(known.get(key)))
    .map(([, { feed, incarnation, partition }]) => ({ feed, incarnation, partition }))
}

export const keyOf = ({ feed, incarnation, partition }: Place): string => `${feed}:${incarnation}:${partition}`

function tilesOf(place: PlaceTiles | undefined): number {
  return place?.runs.reduce((sum, run) => sum + run.tiles, place.verified?.tiles ?? 0) ?? 0
}

async function countTiles(clickhouse: ClickHouseClient): Promise<number> {
  const result = await clickhouse.query({ query: 'SELECT count() AS n FROM ledger_batch', format: 'JSONEachRow' })
  const [row] = await result.json<{ n: string }>()
  return Number(row?.n ?? 0)
}

interface VerifiedPlace extends Place {
  readonly verified: Verified
}

type StoredRun = Place & Readonly<Record<keyof Run, string>>

const SUMS = ['from', 'to', 'loaded', 'rejected', 'quarantined', 'lost', 'tiles', 'loadedAt'] as const

/** @returns the verified ranges, and how many tiles there were: all tiles that are read later are among them or newer */
async function readVerified(
  clickhouse: ClickHouseClient,
): Promise<{ readonly verified: readonly VerifiedPlace[]; readonly before: number }> {
  const result = await clickhouse.query({
    query: `SELECT feed, incarnation, partition, from_offset AS from, to_offset AS to, loaded, rejected, quarantined, lost, tiles, origins,
              toUnixTimestamp64Milli(loaded_at) AS loadedAt, (SELECT count() FROM ledger_batch) AS before FROM ledger_verified FINAL`,
    format: 'JSONEachRow',
  })
  const rows = await result.json<StoredRun & { origins: string; before: string }>()
  return {
    before: Number(rows[0]?.before ?? 0),
    verified: rows.map((row) => ({
      feed: row.feed,
      incarnation: row.incarnation,
      partition: row.partition,
      verified: { ...runOf(row), origins: Number(row.origins) },
    })),
  }
}

/** @returns the condition that a tile begins after the verified range of its place; nested, because half of a reading's time is its analysis */
function afterVerified(places: readonly VerifiedPlace[]): string {
  const incarnations = Map.groupBy(places, ({ feed, incarnation }) =>
    [`feed = ${literal(feed)}`, `incarnation = ${literal(incarnation)}`].join(' AND '),
  )
  return [...incarnations]
    .map(([incarnation, members]) => {
      const after = members.map(
        ({ partition, verified }) => `partition = ${partition} AND from_offset >= ${verified.to}`,
      )
      return `${incarnation} AND (${after.join(' OR ')})`
    })
    .join(' OR ')
}

const NO_OFFSET = 2n ** 64n - 1n

/** @param condition which tiles */
async function readRuns(clickhouse: ClickHouseClient, condition: string): Promise<readonly (Place & { run: Run })[]> {
  // Arrays, not windows: the engine plans them in half of the time.
  const result = await clickhouse.query({
    query: `
      SELECT feed, incarnation, partition, run[1].1 AS from, run[-1].2 AS to, arraySum(run.3) AS loaded, arraySum(run.4) AS rejected,
             arraySum(run.5) AS quarantined, arraySum(run.6) AS lost, length(run) AS tiles, arrayMax(run.7) AS loadedAt
      FROM (
        SELECT feed, incarnation, partition, arrayJoin(arraySplit((tile, start) -> start, tiles, starts)) AS run
        FROM (
          SELECT feed, incarnation, partition,
                 arraySort(groupArray((from_offset, to_offset, loaded, rejected, quarantined, lost, toUnixTimestamp64Milli(loaded_at)))) AS tiles,
                 arrayMap((tile, before) -> tile.1 != before OR tile.2 - tile.1 != tile.3 + tile.4 + tile.5 + tile.6,
                          tiles, arrayPushFront(arrayPopBack(tiles.2), ${NO_OFFSET})) AS starts
          FROM ledger_batch WHERE ${condition} GROUP BY feed, incarnation, partition
        )
      )
      ORDER BY feed, incarnation, partition, from`,
    format: 'JSONEachRow',
    clickhouse_settings: LONG_QUERY,
  })
  return (await result.json<StoredRun>()).map(({ feed, incarnation, partition, ...run }) => ({
    feed,
    incarnation,
    partition,
    run: runOf(run),
  }))
}

function runOf(stored: Readonly<Record<keyof Run, string>>): Run {
  return Object.fromEntries(SUMS.map((name) => [name, Number(stored[name])])) as unknown as Run
}

function merge(verified: readonly VerifiedPlace[], runs: readonly (Place & { run: Run })[]): readonly PlaceTiles[] {
  const places = new Map<string, Place & { verified: Verified | undefined; runs: Run[] }>()
  const at = ({ feed, incarnation, partition }: Place) => {
    const key = keyOf({ feed, incarnation, partition })
    const known = places.get(key) ?? { feed, incarnation, partition, verified: undefined, runs: [] }
    places.set(key, known)
    return known
  }
  for (const place of verified) at(place).verified = place.verified
  for (const place of runs) at(place).runs.push(place.run)
  return [...places.values()]
}

/** @returns what {@link reconcile} counts: the verified range is one tile */
export function tilesOfPlace({ verified, runs }: PlaceTiles): readonly Run[] {
  return verified ? [verified, ...runs] : runs
}

/** Writes the verified range of a place, from its first origin. One row, so it is there or not. */
export async function compact(clickhouse: ClickHouseClient, place: Place, range: Verified, now: number): Promise<void> {
  const { feed, incarnation, partition } = place
  const { from, to, loadedAt, ...counts } = range
  await clickhouse.insert({
    table: 'ledger_verified',
    values: [
      {
        feed,
        incarnation,
        partition,
        from_offset: from,
        to_offset: to,
        ...counts,
        loaded_at: loadedAt,
        verified_at: now,
      },
    ],
    format: 'JSONEachRow',
  })
}

/**
 * Takes the tiles of a disputed range as they are, once a finding says what is wrong: the next change is seen again, and a reading is
 * as fast as before. The sums are those that were verified.
 */
export async function settle(clickhouse: ClickHouseClient, place: Place, range: Verified, now: number): Promise<void> {
  const result = await clickhouse.query({
    query: `SELECT count() AS n FROM ledger_batch WHERE ${inPlace(place)} AND from_offset < ${range.to}`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ n: string }>()
  await compact(clickhouse, place, { ...range, tiles: Number(row?.n ?? 0) }, now)
}

/** The verified range of a place before its first tile is verified: so the place is known. */
export function nothingVerified(first: number): Verified {
  const none = { loaded: 0, rejected: 0, quarantined: 0, lost: 0, tiles: 0, origins: 0, loadedAt: 0 }
  return { from: first, to: first, ...none }
}

/** @returns the two ranges, which are next to each other, as one */
export function joined(first: Verified, second: Verified): Verified {
  return {
    from: first.from,
    to: second.to,
    loaded: first.loaded + second.loaded,
    rejected: first.rejected + second.rejected,
    quarantined: first.quarantined + second.quarantined,
    lost: first.lost + second.lost,
    tiles: first.tiles + second.tiles,
    origins: first.origins + second.origins,
    loadedAt: Math.max(first.loadedAt, second.loadedAt),
  }
}
