/**
 * The partitions that take no records now: those without a leader, and those whose leader did not take them a moment ago. Each is an
 * alarm, a metric, and an entry of `/health` while it lasts. A topic that is not there is an alarm.
 */
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import type { Leaders } from './leaders.ts'

export interface UnavailablePartition {
  readonly feed: string
  readonly partition: number
}

export interface Unavailable {
  /** True while nothing is sent to the partition: it has no leader, or failed within the last seconds. */
  has(topic: string, partition: number): boolean
  /** True from a failure until the partition takes a record again. */
  isSuspect(topic: string, partition: number): boolean
  /** Its leader answered an error. */
  failed(topic: string, partition: number): void
  appended(topic: string, partition: number): void
  /** For `/health`. */
  list(): readonly UnavailablePartition[]
  /** True when there is any. */
  any(): boolean
  /** Raises and clears the alarms; call it after each look at the leaders. */
  report(): void
}

/** A partition that failed is tried again after this: each try may occupy its lane for the retries of the client. */
const TRY_AGAIN_MS = 5_000
/** Without records nobody learns that it takes them again: its alarm ends. */
const FORGOTTEN_MS = 60_000

/** @param feeds the feed of each topic */
export function watchUnavailable(
  leaders: Pick<Leaders, 'of' | 'topics'>,
  feeds: ReadonlyMap<string, string>,
  alarms: Alarms,
  metrics: Metrics,
): Unavailable {
  const gauge = metrics.gauge('chainon_gateway_partition_unavailable', 'A partition that takes no records: 1, else 0')
  const failedAt = new Map<string, { readonly feed: string; readonly partition: number; readonly at: number }>()
  let found: ReadonlyMap<string, UnavailablePartition> = new Map()
  const nameOf = (topic: string, partition: number) => `${feeds.get(topic) ?? topic}:${partition}`

  function current(): ReadonlyMap<string, UnavailablePartition & { readonly why: string }> {
    const now = new Map<string, UnavailablePartition & { readonly why: string }>()
    for (const [topic, ofTopic] of leaders.topics()) {
      const feed = feeds.get(topic) ?? topic
      for (const [partition, leader] of ofTopic.entries())
        if (leader === undefined) now.set(nameOf(topic, partition), { feed, partition, why: 'it has no leader' })
    }
    for (const [name, { feed, partition, at }] of failedAt)
      if (!now.has(name) && Date.now() - at < FORGOTTEN_MS)
        now.set(name, { feed, partition, why: 'its leader does not accept them' })
    return now
  }

  /** A topic that the last look did not show: all records of its feed are answered 503. */
  function reportAbsent(): void {
    for (const [topic, feed] of feeds) {
      const id = `topic-absent:${feed}`
      const message = `${feed}: Kafka shows no topic ${topic} (run \`chainon provision\`, or allow the gateway to use it). Its records are answered 503.`
      if (leaders.of(topic)) alarms.clear(id)
      else alarms.raise({ id, code: 'dependency-unavailable', feed, message })
    }
  }

  function report(): void {
    reportAbsent()
    const before = found
    const now = current()
    found = now
    for (const [name, { feed, partition, why }] of now) {
      gauge(1, { feed, partition })
      const message = `${feed}, partition ${partition}, takes no records: ${why}. They are answered 503, the others are accepted.`
      alarms.raise({ id: `partition-unavailable:${name}`, code: 'partition-unavailable', feed, partition, message })
    }
    for (const [name, { feed, partition }] of before) {
      if (now.has(name)) continue
      gauge(0, { feed, partition })
      alarms.clear(`partition-unavailable:${name}`)
    }
  }

  return {
    has(topic, partition) {
      const ofTopic = leaders.of(topic)
      if (ofTopic && ofTopic[partition] === undefined) return true
      if (failedAt.size === 0) return false
      const failure = failedAt.get(nameOf(topic, partition))
      return failure !== undefined && Date.now() - failure.at < TRY_AGAIN_MS
    },
    isSuspect: (topic, partition) => failedAt.size > 0 && failedAt.has(nameOf(topic, partition)),
    failed(topic, partition) {
      failedAt.set(nameOf(topic, partition), { feed: feeds.get(topic) ?? topic, partition, at: Date.now() })
      report()
    },
    appended(topic, partition) {
      if (failedAt.size > 0 && failedAt.delete(nameOf(topic, partition))) report()
    },
    list: () => [...found.values()].map(({ feed, partition }) => ({ feed, partition })),
    any: () => found.size > 0,
    report,
  }
}
