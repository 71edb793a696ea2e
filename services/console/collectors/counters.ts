/**
 * Counters of one process, scrape by scrape. They begin at 0 when the process does, so a value below the last one is a new
 * beginning and counts whole. What a counter already held at the first scrape is part of its total and of no rate.
 */
export interface Increase {
  /** Milliseconds since 1970: when the scrape before this one, and this one, were taken. */
  readonly from: number
  readonly to: number
  /** By series, only those that grew. */
  readonly by: ReadonlyMap<string, number>
}

export interface CounterBook {
  /** Takes one whole scrape, by series. A series that it lacks is taken as 0: its process is new and has not counted yet. */
  take(values: ReadonlyMap<string, number>, at: number): void
  /** @returns everything that was counted, restarts included */
  total(series: string): number
  /** @returns how much the series grew in the last `windowMs`; null when no two scrapes fall into it */
  increase(series: readonly string[], windowMs: number, now: number): number | null
  /** @returns growth per second over the last `windowMs`; null while the scrapes in it span less than 2 s */
  rate(series: readonly string[], windowMs: number, now: number): number | null
  /** @returns when the series last grew, ms since 1970; null when it never did before our eyes */
  grewAt(series: string): number | null
}

/** Workers count in batches: over less than this, a rate is mostly the luck of where a batch fell. */
const SHORTEST_SPAN_MS = 1_900

/** @param keepMs the longest window that will be asked for */
export function createCounterBook(keepMs: number): CounterBook {
  const last = new Map<string, number>()
  const totals = new Map<string, number>()
  const grown = new Map<string, number>()
  let increases: Increase[] = []
  let takenAt: number | undefined

  const within = (windowMs: number, now: number) => increases.filter(({ to }) => to > now - windowMs)
  const sum = (entries: readonly Increase[], series: readonly string[]) =>
    entries.reduce((all, { by }) => series.reduce((part, name) => part + (by.get(name) ?? 0), all), 0)

  return {
    take(values, at) {
      const by = new Map<string, number>()
      for (const [series, value] of values) {
        const before = last.get(series) ?? 0
        const growth = value >= before ? value - before : value
        last.set(series, value)
        totals.set(series, (totals.get(series) ?? 0) + growth)
        if (growth > 0 && takenAt !== undefined) {
          by.set(series, growth)
          grown.set(series, at)
        }
      }
      for (const series of last.keys()) if (!values.has(series)) last.set(series, 0)
      if (takenAt !== undefined) increases.push({ from: takenAt, to: at, by })
      increases = increases.filter(({ to }) => to > at - keepMs)
      takenAt = at
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
    grewAt: (series) => grown.get(series) ?? null,
  }
}
