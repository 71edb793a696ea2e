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

export interface Break {
  readonly kind: 'gap' | 'overlap'
  /** First and one past the last origin offset of the range in which it is. */
  readonly from: number
  readonly to: number
  /** Origins that are missing, or that are counted more than once. */
  readonly count: number
}

/**
 * @param first the origin from which the first tile must start
 * @param tiles batches of one feed, incarnation and partition, in any order
 * @param end one past the last origin of the tiles that were there before
 * @returns the gaps and overlaps that {@link reconcile} counts, each with its range
 */
export function breaks(first: number, tiles: readonly Tile[], end = first): readonly Break[] {
  const found: Break[] = []
  let reached = first
  for (const tile of tiles.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (tile.from > reached) found.push({ kind: 'gap', from: reached, to: tile.from, count: tile.from - reached })
    if (tile.from < reached) {
      const to = Math.min(tile.to, reached)
      found.push({ kind: 'overlap', from: tile.from, to, count: to - tile.from })
    }
    reached = Math.max(reached, tile.to)
    const difference = tile.to - tile.from - (tile.loaded + tile.rejected + tile.quarantined + tile.lost)
    if (difference === 0) continue
    const kind = difference > 0 ? 'gap' : 'overlap'
    found.push({ kind, from: tile.from, to: tile.to, count: Math.abs(difference) })
  }
  if (reached < end) found.push({ kind: 'gap', from: reached, to: end, count: end - reached })
  return found
}
