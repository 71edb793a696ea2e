/** Compares what one partition accepted with what its batches account for. Pure. */
import type { LedgerRow } from './row.ts'

/** What one batch of `curate` accounts for: a range of origin offsets, and the outcome of each of its records. */
export interface Tile {
  /** First origin offset of the range. */
  readonly from: number
  /** One past the last origin offset of the range. */
  readonly to: number
  readonly loaded: number
  readonly rejected: number
  readonly quarantined: number
  /** Records that an operator accepted as lost. */
  readonly lost: number
}

/** Where a partition's records are between the two workers; what is no longer in either log is lost, not in flight. */
export interface Between {
  /** One past the last origin that `deidentify` passed or that Kafka deleted after its retention. */
  readonly passed: number
  /** Messages of `pseudonymised.<feed>` that `curate` has not processed yet. */
  readonly unread: number
}

/**
 * @param accepted one past the last origin offset in Kafka
 * @param tiles batches of one feed and partition, in any order
 */
export function reconcile(
  feed: string,
  partition: number,
  accepted: number,
  tiles: readonly Tile[],
  between: Between = { passed: 0, unread: 0 },
): LedgerRow {
  let reached = 0
  let gaps = 0
  let overlaps = 0
  let loaded = 0
  let rejected = 0
  let quarantined = 0
  let lost = 0
  for (const tile of tiles.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (tile.from > reached) gaps += tile.from - reached
    if (tile.from < reached) overlaps += Math.min(tile.to, reached) - tile.from
    reached = Math.max(reached, tile.to)
    loaded += tile.loaded
    rejected += tile.rejected
    quarantined += tile.quarantined
    lost += tile.lost
    // A batch whose outcomes do not add up to its range lost or duplicated records inside the range.
    const difference = tile.to - tile.from - (tile.loaded + tile.rejected + tile.quarantined + tile.lost)
    if (difference > 0) gaps += difference
    else overlaps -= difference
  }
  // Loaded beyond what Kafka has: the topic was lost or created again, and the warehouse still has its records.
  if (reached > accepted) gaps += reached - accepted
  // Every origin that was passed and that no batch accounts for must be among the unread messages, one for each.
  const vanished = Math.max(0, between.passed - reached - between.unread)
  gaps += vanished
  return {
    feed,
    partition,
    accepted,
    loaded,
    quarantined,
    rejected,
    lost,
    in_flight: Math.max(0, accepted - reached - vanished),
    gaps,
    overlaps,
  }
}
