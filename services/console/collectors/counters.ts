/**
 * Counters of one process, scrape by scrape. They begin at 0 when the process starts: a value below the last one means a new
 * process and is added in full. The value of a counter at the first scrape is part of its total, but not of any rate.
 */
interface Increase {
  /** Milliseconds since 1970: the time of the scrape before this one, and of this one. */
  readonly from: number
  readonly to: number
  /** By series; only series that increased. */
  readonly by: ReadonlyMap<string, number>
}

export interface CounterTracker {
  /** Adds one complete scrape, by series. A missing series counts as 0: its process is new and has not counted anything yet. */
  add(values: ReadonlyMap<string, number>, at: number): void
  /** @returns the total over all processes: a restart does not reset it */
  total(series: string): number
  /** @returns the increase of the series in the last `windowMs`; null when it contains fewer than two scrapes */
  increase(series: readonly string[], windowMs: number, now: number): number | null
  /** @returns increase per second over the last `windowMs`; null while the scrapes in it span less than 2 s */
  rate(series: readonly string[], windowMs: number, now: number): number | null
  /** @returns when the series last increased, ms since 1970; null when it has not increased since the first scrape */
  increasedAt(series: string): number | null
}

/** Workers count in batches: over a shorter time, a rate depends mostly on when a batch ended. */
const SHORTEST_SPAN_MS = 1_900

/** @param keepMs the longest window that is used */
export function createCounterTracker(keepMs: number): CounterTracker {
  const last = new Map<string, number>()
  const totals = new Map<string, number>()
  const increasedTimes = new Map<string, number>()
  let increases: Increase[] = []
  let addedAt: number | undefined

  const within = (windowMs: number, now: number) => increases.filter(({ to }) => to > now - windowMs)
  const sum = (entries: readonly Increase[], series: readonly string[]) =>
    entries.reduce((all, { by }) => series.reduce((subtotal, name) => subtotal + (by.get(name) ?? 0), all), 0)

  return {
    add(values, at) {
      const by = new Map<string, number>()
      for (const [series, value] of values) {
        const before = last.get(series) ?? 0
        const growth = value >= before ? value - before : value
        last.set(series, value)
        totals.set(series, (totals.get(series) ?? 0) + growth)
        if (growth > 0 && addedAt !== undefined) {
          by.set(series, growth)
          increasedTimes.set(series, at)
        }
      }
      for (const series of last.keys()) if (!values.has(series)) last.set(series, 0)
      if (addedAt !== undefined) increases.push({ from: addedAt, to: at, by })
      increases = increases.filter(({ to }) => to > at - keepMs)
      addedAt = at
    },
    total: (series) => totals.get(series) ?? 0,
    increase(series, windowMs, now) {
      const entries = within(windowMs, now)
      return entries.length === 0 ? null : sum(entries, series)
    },
    rate(series, windowMs, now) {
      const entries = within(windowMs, now)
      const spanMs = entries.reduce((all, { from, to }) => all + (to - from), 0)
      return spanMs < SHORTEST_SPAN_MS ? null : (sum(entries, series) * 1000) / spanMs
    },
    increasedAt: (series) => increasedTimes.get(series) ?? null,
  }
}
