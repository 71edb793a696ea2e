/** The metrics of one service over time: its counters with restarts, its gauges as of the last scrape. Does no I/O. */
import type { Sample } from '#core/telemetry/prometheus-text.ts'
import { bucketsOf, type Quantiles, quantilesOf } from '#core/telemetry/quantiles.ts'
import { createCounterTracker } from './counters.ts'

type Match = Readonly<Record<string, string | readonly string[]>>

export interface ServiceMetrics {
  /** Adds one scrape. @param at when, ms since 1970 */
  add(samples: readonly Sample[], at: number): void
  /** @returns increase per second over the last 5 s; null when not known */
  rate(name: string, match: Match, now: number): number | null
  /** @returns the total since the start of the process of the first scrape; a restart does not reset it */
  total(name: string, match: Match): number
  /** @returns all values of a label that any scrape had */
  labelValues(name: string, label: string): readonly string[]
  /** @returns the counter's series with their totals and when each last increased (ms since 1970) */
  series(name: string): readonly { labels: Sample['labels']; total: number; increasedAt: number | null }[]
  /** @returns the gauges as of the last scrape */
  gauges(name: string, match: Match): readonly Sample[]
  /** @returns quantiles of the last 60 s (`window`) or of all scrapes (`start`) */
  quantiles(name: string, match: Match, basis: 'window' | 'start', now: number): Quantiles
}

const RATE_WINDOW_MS = 5_000
const FRESHNESS_WINDOW_MS = 60_000

export function createServiceMetrics(): ServiceMetrics {
  const tracker = createCounterTracker(FRESHNESS_WINDOW_MS)
  /** Every counter series that any scrape had. */
  const known = new Map<string, Sample>()
  let current: readonly Sample[] = []

  const matching = (name: string, match: Match) =>
    [...known].filter(([, sample]) => sample.name === name && fits(sample, match))
  const keys = (name: string, match: Match) => matching(name, match).map(([key]) => key)

  return {
    add(samples, at) {
      const counters = samples.filter(({ name }) => /_(?:total|bucket)$/.test(name))
      const values = new Map<string, number>()
      for (const sample of counters) {
        const key = keyOf(sample)
        known.set(key, sample)
        values.set(key, sample.value)
      }
      tracker.add(values, at)
      current = samples
    },
    rate: (name, match, now) => tracker.rate(keys(name, match), RATE_WINDOW_MS, now),
    total: (name, match) => keys(name, match).reduce((sum, key) => sum + tracker.total(key), 0),
    labelValues: (name, label) =>
      [...new Set(matching(name, {}).flatMap(([, { labels }]) => labels[label] ?? []))].toSorted(),
    series: (name) =>
      matching(name, {}).map(([key, { labels }]) => ({
        labels,
        total: tracker.total(key),
        increasedAt: tracker.increasedAt(key),
      })),
    gauges: (name, match) => current.filter((sample) => sample.name === name && fits(sample, match)),
    quantiles(name, match, basis, now) {
      const countOf = (key: string) =>
        basis === 'start' ? tracker.total(key) : (tracker.increase([key], FRESHNESS_WINDOW_MS, now) ?? 0)
      const samples = matching(`${name}_bucket`, match).map(([key, { labels }]) => ({ labels, value: countOf(key) }))
      return quantilesOf(bucketsOf(samples))
    },
  }
}

function fits({ labels }: Sample, match: Match): boolean {
  return Object.entries(match).every(([label, wanted]) => {
    const value = labels[label] ?? ''
    return typeof wanted === 'string' ? value === wanted : wanted.includes(value)
  })
}

function keyOf({ name, labels }: Sample): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${name}|${sorted.map(([label, value]) => `${label}=${value}`).join('|')}`
}
