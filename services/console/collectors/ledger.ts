/** The ledger for the page: sums per feed, the statement of conservation, and whether what waits still moves. */
import type { LedgerRow } from '#core/ledger/ledger.ts'
import type { LedgerView } from '../snapshot.ts'

const ZERO = { accepted: 0, loaded: 0, quarantined: 0, rejected: 0, in_flight: 0, gaps: 0, overlaps: 0 }
type Sums = typeof ZERO

/** @returns sums per feed and in all, feeds by name, and whether every accepted record is accounted for exactly once */
export function summarise(rows: readonly LedgerRow[]): LedgerView {
  const byFeed = Map.groupBy(rows, ({ feed }) => feed)
  const feeds = [...byFeed]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([feed, partitions]) => ({ feed, ...sum(partitions), partitions }))
  const total = sum(rows)
  const difference = rows.reduce((all, row) => all + Math.abs(differenceOf(row)), 0)
  const conserved = difference === 0 && rows.every((row) => row.gaps === 0 && row.overlaps === 0 && row.in_flight >= 0)
  return { conserved, difference, total, feeds }
}

function sum(rows: readonly Sums[]): Sums {
  return rows.reduce(
    (all, row) => ({
      accepted: all.accepted + row.accepted,
      loaded: all.loaded + row.loaded,
      quarantined: all.quarantined + row.quarantined,
      rejected: all.rejected + row.rejected,
      in_flight: all.in_flight + row.in_flight,
      gaps: all.gaps + row.gaps,
      overlaps: all.overlaps + row.overlaps,
    }),
    ZERO,
  )
}

/** The sum holds on its own where there is no gap and no overlap; where it does not, the ledger itself is at fault. */
function differenceOf(row: LedgerRow): number {
  const outcomes = row.loaded + row.quarantined + row.rejected + row.in_flight
  return row.accepted - outcomes - row.gaps + row.overlaps
}

export interface StallWatch {
  see(ledger: LedgerView, at: number): void
  /** @returns since when (ms since 1970) records wait and none is settled; null while they move or none waits */
  since(now: number): number | null
}

/** Batches and a restarting worker take seconds; this long without one settled record is worth a word. */
const STALL_MS = 20_000

export function createStallWatch(): StallWatch {
  let settled = -1
  let movedAt = 0
  let waiting = false
  return {
    see({ total }, at) {
      const now = total.loaded + total.quarantined + total.rejected
      if (now !== settled || !waiting) movedAt = at
      settled = now
      waiting = total.in_flight > 0
    },
    since: (now) => (waiting && now - movedAt > STALL_MS ? movedAt : null),
  }
}
