/**
 * Quantiles of a histogram with explicit buckets, as Prometheus' histogram_quantile does them: linear inside the bucket that
 * holds the rank (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile).
 */
import type { Quantiles } from '../snapshot.ts'

export interface Bucket {
  /** Upper bound, inclusive; the last is +Infinity. */
  readonly le: number
  /** Observations at or below the bound. */
  readonly count: number
}

export const NO_QUANTILES: Quantiles = { p50: null, p95: null, p99: null, beyond: false, count: 0 }

/**
 * @param q 0 to 1
 * @param buckets cumulative, in any order
 * @returns the value in the histogram's unit; the highest finite bound when the rank lies beyond it; null without observations
 */
export function quantile(q: number, buckets: readonly Bucket[]): number | null {
  const sorted = buckets.toSorted((a, b) => a.le - b.le)
  const count = sorted.at(-1)?.count ?? 0
  if (count <= 0) return null
  const rank = q * count
  let lower = 0
  let below = 0
  for (const bucket of sorted) {
    if (bucket.count >= rank && bucket.count > below) {
      if (!Number.isFinite(bucket.le)) return lower
      return lower + ((bucket.le - lower) * (rank - below)) / (bucket.count - below)
    }
    if (Number.isFinite(bucket.le)) lower = bucket.le
    below = bucket.count
  }
  return lower
}

export function quantilesOf(buckets: readonly Bucket[]): Quantiles {
  const sorted = buckets.toSorted((a, b) => a.le - b.le)
  const count = sorted.at(-1)?.count ?? 0
  if (count <= 0) return NO_QUANTILES
  const finite = sorted.findLast(({ le }) => Number.isFinite(le))?.count ?? 0
  return {
    p50: quantile(0.5, sorted),
    p95: quantile(0.95, sorted),
    p99: quantile(0.99, sorted),
    beyond: finite < 0.99 * count,
    count,
  }
}
