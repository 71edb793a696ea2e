/**
 * The ledger: for every feed and partition, accepted = loaded + quarantined + rejected + lost + in flight. Accepted is what Kafka
 * has in `identified.<feed>` (offsets are dense there: no transactions, no compaction); the rest are the ranges that
 * `curate` wrote with each batch. Ranges must tile from 0 without a gap or an overlap.
 */
import type { Admin } from 'kafkajs'
import type { ClickHouseClient } from '../clickhouse/client.ts'
import { feedOf, topicOf } from '../contract/names.ts'
import { parseIncarnation } from '../kafka/incarnation.ts'
import { groupOffsets, type PartitionExtent, topicExtent } from '../kafka/offsets.ts'
import type { Zone } from '../pipeline/zones.ts'
import { reconcile, type Tile } from './reconcile.ts'
import { type LedgerRow, sumCounts } from './row.ts'
import { type PlaceTiles, type Run, readTiles, tilesOfPlace } from './tiles.ts'

export interface LedgerSources {
  readonly admin: Admin
  readonly clickhouse: ClickHouseClient
  readonly namespace: string
  readonly feeds: readonly string[]
}

/**
 * The order of reading matters while records move: each log is read before the one that its records go to next, except the
 * tiles, which are read after `curate`'s offsets. A record that moves meanwhile then counts as in flight, never as lost.
 *
 * @throws when Kafka or ClickHouse does not answer
 */
export async function readLedger(sources: LedgerSources): Promise<readonly LedgerRow[]> {
  const { admin, namespace, feeds } = sources
  const curated = await committedBy(admin, namespace, 'curate', 'pseudonymised', feeds)
  const deidentified = await committedBy(admin, namespace, 'deidentify', 'identified', feeds)
  const tiles = byPartition(await readTiles(sources.clickhouse))
  const rows = await Promise.all(
    feeds.map(async (feed) => {
      const target = await extentsOf(admin, topicOf(namespace, 'pseudonymised', feed))
      const source = await extentsOf(admin, topicOf(namespace, 'identified', feed))
      // A partition that only ClickHouse knows: the topic was created again with fewer partitions.
      const partitions = new Set([...source.keys(), ...(tiles.get(feed)?.keys() ?? [])])
      return [...partitions]
        .toSorted((a, b) => a - b)
        .map((partition) => {
          const key = `${feed}:${partition}`
          const { low = 0n, high: accepted = 0n } = source.get(partition) ?? {}
          const { low: first = 0n, high: last = 0n } = target.get(partition) ?? {}
          const passed = Math.max(Number(low), deidentified.get(key) ?? 0)
          const unread = Number(last) - Math.max(Number(first), curated.get(key) ?? 0)
          const incarnations = tiles.get(feed)?.get(partition) ?? []
          const current = incarnations[0] ?? { incarnation: '', first: 0, tiles: [] }
          // What earlier incarnations of the topic accepted is no longer in Kafka: their tiles must be whole, and no more is known.
          const earlier = incarnations.slice(1).map((one) => {
            const reached = Math.max(one.first, ...one.tiles.map(({ to }) => to))
            return reconcile(feed, partition, reached - one.first, shifted(one))
          })
          const between = { passed: passed - current.first, unread }
          const row = reconcile(feed, partition, Number(accepted) - current.first, shifted(current), between)
          return { feed, partition, ...sumCounts([row, ...earlier]) }
        })
    }),
  )
  return rows.flat()
}

/** @returns the tiles as if the incarnation began at 0 */
function shifted({ first, tiles }: IncarnationTiles): readonly Tile[] {
  return tiles.map((tile) => ({ ...tile, from: tile.from - first, to: tile.to - first }))
}

async function extentsOf(admin: Admin, topic: string): Promise<ReadonlyMap<number, PartitionExtent>> {
  return new Map((await topicExtent(admin, topic)).map((extent) => [extent.partition, extent]))
}

/** @returns `<feed>:<partition>` to the offset that the worker's group committed; -1 where it never committed */
async function committedBy(
  admin: Admin,
  namespace: string,
  worker: 'deidentify' | 'curate',
  zone: Zone,
  feeds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const topics = feeds.map((feed) => topicOf(namespace, zone, feed))
  const groups = await groupOffsets(admin, `${namespace}${worker}`, topics)
  return new Map(
    groups.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }): [string, number] => [
        `${feedOf(namespace, zone, topic)}:${partition}`,
        Number(offset),
      ]),
    ),
  )
}

interface IncarnationTiles {
  readonly incarnation: string
  /** The first origin offset of the incarnation. */
  readonly first: number
  readonly tiles: readonly Run[]
}

/** @returns feed to partition to the tiles of each incarnation of its offsets, the one that was loaded last first */
function byPartition(
  places: readonly PlaceTiles[],
): ReadonlyMap<string, ReadonlyMap<number, readonly IncarnationTiles[]>> {
  const tiles = new Map<string, Map<number, IncarnationTiles[]>>()
  const last = (place: PlaceTiles) => Math.max(0, ...tilesOfPlace(place).map(({ loadedAt }) => loadedAt))
  for (const place of places.toSorted((a, b) => last(b) - last(a))) {
    const ofFeed = tiles.get(place.feed) ?? new Map<number, IncarnationTiles[]>()
    tiles.set(place.feed, ofFeed)
    const ofPartition = ofFeed.get(place.partition) ?? []
    ofFeed.set(place.partition, ofPartition)
    const first = Number(parseIncarnation(place.incarnation)?.first ?? 0n)
    ofPartition.push({ incarnation: place.incarnation, first, tiles: tilesOfPlace(place) })
  }
  return tiles
}
