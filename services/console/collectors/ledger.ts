/** The ledger for the page: sums per feed, whether it is balanced, and whether the records in flight make progress. */
import { isBalanced, type LedgerRow, sumCounts, unexplainedRecords } from '#core/ledger/row.ts'
import type { LedgerView } from '../snapshot.ts'

/** @returns sums per feed and the total, feeds by name, and whether every accepted record is accounted for exactly once */
export function summarise(rows: readonly LedgerRow[]): LedgerView {
  const byFeed = Map.groupBy(rows, ({ feed }) => feed)
  const feeds = [...byFeed]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([feed, partitions]) => ({ feed, ...sumCounts(partitions), partitions }))
  // Absolute values: a missing record in one partition does not cancel a surplus record in another.
  const unexplained = rows.reduce((all, row) => all + Math.abs(unexplainedRecords(row)), 0)
  return { balanced: isBalanced(rows), unexplained, total: sumCounts(rows), feeds }
}

export interface StallWatch {
  /** @param at when the ledger was read, ms since 1970 */
  add(ledger: LedgerView, at: number): void
  /** @returns since when (ms since 1970) no record in flight has had an outcome; null while they make progress or none is in flight */
  since(now: number): number | null
}

/** Batches and a restarting worker take seconds; records that wait longer than this are reported. */
const STALL_MS = 20_000

export function createStallWatch(): StallWatch {
  let outcomes = -1
  let movedAt = 0
  let waiting = false
  return {
    add({ total }, at) {
      const current = total.loaded + total.quarantined + total.rejected + total.lost
      if (current !== outcomes || !waiting) movedAt = at
      outcomes = current
      waiting = total.in_flight > 0
    },
    since: (now) => (waiting && now - movedAt > STALL_MS ? movedAt : null),
  }
}
