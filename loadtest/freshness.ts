/** Freshness percentiles from curate's histogram: from the gateway's receipt to queryable in ClickHouse. */
import { parsePrometheusText } from '#core/telemetry/prometheus-text.ts'
import { type Bucket, bucketsOf, quantilesOf } from '#core/telemetry/quantiles.ts'

/** Seconds; null without measurements. */
export interface Freshness {
  readonly p50_seconds: number | null
  readonly p95_seconds: number | null
  readonly p99_seconds: number | null
  readonly samples: number
}

const BUCKET = 'chainon_freshness_seconds_bucket'

/** @returns cumulative buckets with bounds in seconds, summed over the feeds */
export async function readBuckets(curateUrl: string): Promise<readonly Bucket[]> {
  const text = await (await fetch(`${curateUrl}/metrics`)).text()
  return bucketsOf(parsePrometheusText(text, new Set([BUCKET])))
}

/** @returns percentiles of the measurements between two readings of the same process */
export function freshnessBetween(before: readonly Bucket[], after: readonly Bucket[]): Freshness {
  const earlier = new Map(before.map(({ le, count }) => [le, count]))
  const between = after.map(({ le, count }) => ({ le, count: count - (earlier.get(le) ?? 0) }))
  const { p50, p95, p99, count } = quantilesOf(between)
  return { p50_seconds: rounded(p50), p95_seconds: rounded(p95), p99_seconds: rounded(p99), samples: count }
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Number(seconds.toFixed(3))
}
