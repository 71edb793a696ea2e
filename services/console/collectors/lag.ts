/**
 * What waits before a service, from Kafka's own offsets: it is also true while the service is down, and between its batches. Seconds come
 * from when the log's end passed the offset that the service has committed, as this console saw it.
 */
import type { Admin } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import { topicExtent } from '#core/kafka/offsets.ts'
import type { LagView } from '../snapshot.ts'

interface PartitionLag {
  readonly key: string
  /** One past the last offset. */
  readonly high: number
  /** The next offset that the service reads. */
  readonly committed: number
}

export interface LagBook {
  /** @param at when the offsets were read, ms since 1970 */
  add(partitions: readonly PartitionLag[], at: number): void
  view(now: number): LagView
}

/** An hour with one reading every 2 s; a service that is further behind is "at least" an hour behind. */
const MOST_SAMPLES = 1_800

interface Watched {
  lag: PartitionLag
  /** Ends of the log, oldest first; the first is the last one that the service has reached, when there is one. */
  samples: { readonly at: number; readonly high: number }[]
}

export function createLagBook(): LagBook {
  const watched = new Map<string, Watched>()
  return {
    add(partitions, at) {
      for (const lag of partitions) {
        const samples = [...(watched.get(lag.key)?.samples ?? []), { at, high: lag.high }].slice(-MOST_SAMPLES)
        const reached = samples.findLastIndex(({ high }) => high <= lag.committed)
        watched.set(lag.key, { lag, samples: samples.slice(Math.max(0, reached)) })
      }
    },
    view(now) {
      if (watched.size === 0) return { records: null, seconds: null }
      const all = [...watched.values()]
      return {
        records: all.reduce((sum, { lag }) => sum + Math.max(0, lag.high - lag.committed), 0),
        seconds: Math.max(...all.map((one) => behind(one, now))),
      }
    },
  }
}

/** @returns seconds since the first waiting record arrived, interpolated between the two readings around it */
function behind({ lag, samples }: Watched, now: number): number {
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
    // Committed first: an end of the log that is read later can only be further.
    const groups = await admin.fetchOffsets({ groupId: `${namespace}${name}`, topics })
    const committed = new Map(
      groups.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }): [string, number] => [`${topic}:${partition}`, Number(offset)]),
      ),
    )
    const extents = await Promise.all(
      topics.map(async (topic) =>
        (await topicExtent(admin, topic)).map(({ partition, low, high }) => {
          const key = `${topic}:${partition}`
          // -1: the group never committed here, and begins at what Kafka still holds.
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
