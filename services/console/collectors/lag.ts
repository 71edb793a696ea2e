/**
 * The lag of a service, from Kafka's own offsets: it is also correct while the service is down, and between its batches. The seconds are
 * counted from the time when the end of the log passed the committed offset of the service, as this console read it.
 */
import type { Admin } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import { groupOffsets, topicExtent } from '#core/kafka/offsets.ts'
import type { LagView } from '../snapshot.ts'

interface PartitionLag {
  readonly key: string
  /** One past the last offset. */
  readonly high: number
  /** The next offset that the service reads. */
  readonly committed: number
}

export interface LagTracker {
  /** @param at when the offsets were read, ms since 1970 */
  add(partitions: readonly PartitionLag[], at: number): void
  view(now: number): LagView
}

/** One hour with one reading every 2 s. For a service that is further behind, one hour is shown. */
const MAX_SAMPLES = 1_800

interface TrackedPartition {
  lag: PartitionLag
  /** Ends of the log, oldest first; the first is the last end that the service has reached, if any. */
  samples: { readonly at: number; readonly high: number }[]
}

export function createLagTracker(): LagTracker {
  const tracked = new Map<string, TrackedPartition>()
  return {
    add(partitions, at) {
      for (const lag of partitions) {
        const samples = [...(tracked.get(lag.key)?.samples ?? []), { at, high: lag.high }].slice(-MAX_SAMPLES)
        const reached = samples.findLastIndex(({ high }) => high <= lag.committed)
        tracked.set(lag.key, { lag, samples: samples.slice(Math.max(0, reached)) })
      }
    },
    view(now) {
      if (tracked.size === 0) return { records: null, seconds: null }
      const all = [...tracked.values()]
      return {
        records: all.reduce((sum, { lag }) => sum + Math.max(0, lag.high - lag.committed), 0),
        seconds: Math.max(...all.map((one) => secondsBehind(one, now))),
      }
    },
  }
}

/** @returns seconds since the first waiting record arrived, interpolated between the two readings around it */
function secondsBehind({ lag, samples }: TrackedPartition, now: number): number {
  if (lag.committed >= lag.high) return 0
  const before = samples.findLast(({ high }) => high <= lag.committed)
  const after = samples.find(({ high }) => high > lag.committed)
  if (!after) return 0
  if (!before) return (now - after.at) / 1000
  const share = (lag.committed - before.high) / (after.high - before.high)
  return (now - (before.at + share * (after.at - before.at))) / 1000
}

export interface ServiceLags {
  readonly deidentify: readonly PartitionLag[]
  readonly curate: readonly PartitionLag[]
}

/** @throws when Kafka does not answer */
export async function readLags(admin: Admin, namespace: string, feeds: readonly string[]): Promise<ServiceLags> {
  const lagsOf = async (name: 'deidentify' | 'curate', zone: 'identified' | 'pseudonymised') => {
    const topics = feeds.map((feed) => topicOf(namespace, zone, feed))
    // The committed offsets are read first: the end of the log, read later, is then never below them.
    const groups = await groupOffsets(admin, `${namespace}${name}`, topics)
    const committed = new Map(
      groups.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }): [string, number] => [`${topic}:${partition}`, Number(offset)]),
      ),
    )
    const extents = await Promise.all(
      topics.map(async (topic) =>
        (await topicExtent(admin, topic)).map(({ partition, low, high }) => {
          const key = `${topic}:${partition}`
          // -1: the group has never committed here, and begins at the first message that Kafka still has.
          return { key, high: Number(high), committed: Math.max(Number(low), committed.get(key) ?? 0) }
        }),
      ),
    )
    return extents.flat()
  }
  const [deidentify, curate] = await Promise.all([
    lagsOf('deidentify', 'identified'),
    lagsOf('curate', 'pseudonymised'),
  ])
  return { deidentify, curate }
}
