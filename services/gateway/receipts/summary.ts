/** Answers what came from a producer within a day. */
import type { ProducerSummary } from '#core/gateway-api/producer-summary.ts'
import type { Quotas } from '../http/rate-limit.ts'
import { oncePerProducer } from './follow.ts'
import type { ReceiptStore, VolumeRow } from './lookup.ts'

export interface SummaryDependencies {
  readonly store: Pick<ReceiptStore, 'volume' | 'freshness'>
  readonly quotas: Pick<Quotas, 'left'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** @returns a function that throws a ProblemError when it has no answer: producer-share, dependency-unavailable */
export function createSummary({ store, quotas, now }: SummaryDependencies) {
  const ask = oncePerProducer()
  return (producer: string): Promise<ProducerSummary> =>
    ask(producer, async () => {
      const since = Math.trunc((now() - DAY_MS) / HOUR_MS) * HOUR_MS
      const rows = await store.volume(producer, since)
      const feeds = Map.groupBy(rows, ({ feed }) => feed)
      const [loaded, left] = await Promise.all([store.freshness([...feeds.keys()]), quotas.left(producer)])
      const last = Math.max(0, ...rows.map(({ lastAt }) => lastAt))
      return {
        producer,
        since: time(since),
        ...(last === 0 ? {} : { last_seen: time(last) }),
        feeds: [...feeds].map(([feed, of]) => volumeOf(feed, of, loaded.get(feed))),
        ...(left ? { quotas: left } : {}),
      }
    })
}

function volumeOf(feed: string, rows: readonly VolumeRow[], loadedAt: number | undefined) {
  const refused = rows.filter(({ rule }) => rule !== '')
  const sum = (of: readonly VolumeRow[]) => of.reduce((total, { records }) => total + records, 0)
  return {
    feed,
    accepted: sum(rows.filter(({ rule }) => rule === '')),
    refused: sum(refused),
    refused_by_rule: Object.fromEntries(refused.map(({ rule, records }) => [rule, records])),
    last_received_at: time(Math.max(...rows.map(({ lastAt }) => lastAt))),
    ...(loadedAt === undefined ? {} : { last_loaded_at: time(loadedAt) }),
  }
}

const time = (ms: number) => new Date(ms).toISOString()
