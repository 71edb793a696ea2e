/** Freshness percentiles from curate's histogram: from the gateway's receipt to queryable in ClickHouse. */

export interface Freshness {
  readonly p50_seconds: number
  readonly p95_seconds: number
  readonly p99_seconds: number
  readonly samples: number
}

type Buckets = ReadonlyMap<number, number>

/** @returns cumulative counts by upper bound in seconds, summed over the feeds */
export async function readBuckets(curateUrl: string): Promise<Buckets> {
  const text = await (await fetch(`${curateUrl}/metrics`)).text()
  const buckets = new Map<number, number>()
  for (const [, labels, count] of text.matchAll(/^chainon_freshness_seconds_bucket\{([^}]*)\} (\d+)/gm)) {
    const bound = Number(/le="([^"]+)"/.exec(labels ?? '')?.[1]?.replace('+Inf', 'Infinity'))
    buckets.set(bound, (buckets.get(bound) ?? 0) + Number(count))
  }
  return buckets
}

/** @returns percentiles of what was measured between two readings, linear inside a bucket; as a histogram can tell them */
export function freshnessBetween(before: Buckets, after: Buckets): Freshness {
  const bounds = [...after.keys()].toSorted((a, b) => a - b)
  const counts = bounds.map((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0))
  const total = counts.at(-1) ?? 0
  const quantile = (share: number) => {
    const rank = share * total
    const at = counts.findIndex((count) => count >= rank)
    const low = at <= 0 ? 0 : (bounds[at - 1] ?? 0)
    const high = bounds[at] ?? low
    const below = at <= 0 ? 0 : (counts[at - 1] ?? 0)
    const inside = (counts[at] ?? 0) - below
    const value = !Number.isFinite(high) || inside === 0 ? low : low + ((high - low) * (rank - below)) / inside
    return Number(value.toFixed(3))
  }
  return { p50_seconds: quantile(0.5), p95_seconds: quantile(0.95), p99_seconds: quantile(0.99), samples: total }
}
