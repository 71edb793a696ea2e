/**
 * Quantiles of a histogram with explicit buckets, as Prometheus' histogram_quantile does them: linear inside the bucket that
 * contains the rank (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile).
 */
import Type, { type Static } from 'typebox'
import type { Sample } from './prometheus-text.ts'

const Value = (share: string) =>
  Type.Union([Type.Number({ description: `${share} of the observations are at or below this.` }), Type.Null()])

export const QUANTILES = {
  p50: Value('Half'),
  p95: Value('95 of 100'),
  p99: Value('99 of 100'),
  beyond: Type.Boolean({ description: 'True when p99 is beyond the last bound of the histogram: it is "at least".' }),
  count: Type.Integer({ minimum: 0, description: 'Observations.' }),
}
const QuantilesSchema = Type.Object(QUANTILES)

/** In the unit of the histogram; null when nothing was observed. */
export type Quantiles = Readonly<Static<typeof QuantilesSchema>>

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

/** @param buckets cumulative, in any order */
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

/**
 * @param samples of one histogram's `_bucket` counter, of any number of series
 * @returns cumulative buckets, the series of one bound added together
 */
export function bucketsOf(samples: Iterable<Pick<Sample, 'labels' | 'value'>>): readonly Bucket[] {
  const byBound = new Map<number, number>()
  for (const { labels, value } of samples) {
    const le = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    byBound.set(le, (byBound.get(le) ?? 0) + value)
  }
  return [...byBound].map(([le, count]) => ({ le, count }))
}
