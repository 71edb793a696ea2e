/** The last ten minutes, kept in memory so that a new page shows them immediately. */
import type { HistoryPoint } from '../snapshot.ts'

const HISTORY_SECONDS = 600

export interface History {
  add(point: HistoryPoint): void
  /** @returns the points, oldest first */
  points(): readonly HistoryPoint[]
}

export function createHistory(): History {
  let points: HistoryPoint[] = []
  return {
    add(point) {
      points = [...points.filter(({ t }) => t > point.t - HISTORY_SECONDS), point]
    },
    points: () => points,
  }
}
