/**
 * The ledger: for every feed and partition, accepted = loaded + quarantined + refused + in flight. Accepted is what Kafka
 * holds in `identified.<feed>` (offsets are dense there: no transactions, no compaction); the rest are the ranges that
 * `curate` wrote with each batch. Ranges must tile from 0 without a gap or an overlap.
 */
import type { Admin } from 'kafkajs'
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { topicOf } from '../contract/names.ts'
import { topicExtent } from '../kafka/offsets.ts'

export interface LedgerRow {
  readonly feed: string
  readonly partition: number
  readonly accepted: number
  readonly loaded: number
  readonly quarantined: number
  readonly refused: number
  readonly in_flight: number
  /** Origin offsets that no batch accounts for although a later one does, or that Kafka lost. */
  readonly gaps: number
  /** Origin offsets that more than one batch accounts for. */
  readonly overlaps: number
}

export interface Tile {
  readonly from: number
  readonly to: number
  readonly loaded: number
  readonly refused: number
  readonly quarantined: number
}

/**
 * @param accepted one past the last origin offset in Kafka
 * @param tiles batches of one feed and partition, in any order
 */
export function settle(feed: string, partition: number, accepted: number, tiles: readonly Tile[]): LedgerRow {
  let reached = 0
  let gaps = 0
  let overlaps = 0
  let loaded = 0
  let refused = 0
  let quarantined = 0
  for (const tile of tiles.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (tile.from > reached) gaps += tile.from - reached
    if (tile.from < reached) overlaps += Math.min(tile.to, reached) - tile.from
    reached = Math.max(reached, tile.to)
    loaded += tile.loaded
    refused += tile.refused
    quarantined += tile.quarantined
    // A batch whose outcomes do not add up to its range lost or doubled records inside the range.
    const difference = tile.to - tile.from - (tile.loaded + tile.refused + tile.quarantined)
    if (difference > 0) gaps += difference
    else overlaps -= difference
  }
  // Loaded beyond what Kafka holds: the topic was lost or made anew under a warehouse that remembers it.
  if (reached > accepted) gaps += reached - accepted
  return {
    feed,
    partition,
    accepted,
    loaded,
    quarantined,
    refused,
    in_flight: Math.max(0, accepted - reached),
    gaps,
    overlaps,
  }
}

export interface LedgerSources {
  readonly admin: Admin
  readonly clickhouse: ClickHouseClient
  readonly namespace: string
  readonly feeds: readonly string[]
}

/** Reads Kafka after ClickHouse would show a batch as "in flight" too few; so ClickHouse is read first. */
export async function readLedger(sources: LedgerSources): Promise<readonly LedgerRow[]> {
  const tiles = await readTiles(sources.clickhouse)
  const rows = await Promise.all(
    sources.feeds.map(async (feed) => {
      const extents = await topicExtent(sources.admin, topicOf(sources.namespace, 'identified', feed))
      return extents.map(({ partition, high }) =>
        settle(feed, partition, Number(high), tiles.get(`${feed}:${partition}`) ?? []),
      )
    }),
  )
  return rows.flat()
}

/** True when no row has a gap or an overlap. */
export function isConserved(rows: readonly LedgerRow[]): boolean {
  return rows.every((row) => row.gaps === 0 && row.overlaps === 0)
}

async function readTiles(clickhouse: ClickHouseClient): Promise<ReadonlyMap<string, readonly Tile[]>> {
  // Neighbouring tiles that fit are merged in the query, so that a year of batches stays a handful of rows.
  const result = await clickhouse.query({
    query: `
      SELECT feed, partition, toString(min(from_offset)) AS from, toString(max(to_offset)) AS to,
             toString(sum(loaded)) AS loaded, toString(sum(refused)) AS refused, toString(sum(quarantined)) AS quarantined
      FROM (
        SELECT *, sum(starts) OVER (PARTITION BY feed, partition ORDER BY from_offset, to_offset ROWS UNBOUNDED PRECEDING) AS run
        FROM (
          SELECT *, from_offset != lagInFrame(to_offset, 1, 18446744073709551615) OVER (PARTITION BY feed, partition ORDER BY from_offset, to_offset ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
                    OR to_offset - from_offset != loaded + refused + quarantined AS starts
          FROM ledger_batch
        )
      )
      GROUP BY feed, partition, run`,
    format: 'JSONEachRow',
  })
  const tiles = new Map<string, Tile[]>()
  type Row = {
    feed: string
    partition: number
    from: string
    to: string
    loaded: string
    refused: string
    quarantined: string
  }
  for (const row of await result.json<Row>()) {
    const key = `${row.feed}:${row.partition}`
    const tile = {
      from: Number(row.from),
      to: Number(row.to),
      loaded: Number(row.loaded),
      refused: Number(row.refused),
      quarantined: Number(row.quarantined),
    }
    tiles.set(key, [...(tiles.get(key) ?? []), tile])
  }
  return tiles
}
