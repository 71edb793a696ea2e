/**
 * How old the oldest record is that `deidentify` has not read. Kafka deletes it when it is older than the retention, read or not.
 * Only what Kafka answers is used: the group's offsets, the topic's own retention, and the offset of a time. The broker stamps the
 * records of these topics, so their times follow their offsets.
 */
import kafkajs, { type Admin } from 'kafkajs'
import { topicOf } from '../contract/names.ts'
import { groupOffsets, topicExtent } from '../kafka/offsets.ts'

/** A partition whose oldest unread record is older than half of the retention. */
export interface LatePartition {
  readonly feed: string
  readonly partition: number
  /** When the broker received the oldest unread record, ms since 1970: not later than this, and earlier by at most 1/256 of the retention. */
  readonly oldestAt: number
  readonly retentionMs: number
}

/** What is known about one feed: its late partitions, or why they could not be read. */
export type FeedBacklog =
  | { readonly feed: string; readonly late: readonly LatePartition[] }
  | { readonly feed: string; readonly problem: unknown }

/** How exactly the age of a late record is determined, as a part of the retention. */
const PRECISION = 256

/**
 * @param now ms since 1970
 * @throws when Kafka does not answer; a feed that alone cannot be read has a `problem` instead
 */
export async function readBacklogs(
  admin: Admin,
  namespace: string,
  feeds: readonly string[],
  now: number,
): Promise<readonly FeedBacklog[]> {
  const topics = feeds.map((feed) => topicOf(namespace, 'identified', feed))
  const [retentions, groups] = await Promise.all([
    readRetentions(admin, topics),
    groupOffsets(admin, `${namespace}deidentify`, topics),
  ])
  return Promise.all(
    feeds.map(async (feed, index): Promise<FeedBacklog> => {
      const topic = topics[index] ?? ''
      const retentionMs = retentions.get(topic) ?? -1
      if (retentionMs <= 0) return { feed, late: [] }
      const found = groups.find((group) => group.topic === topic)?.partitions ?? []
      const committed = new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]))
      try {
        return { feed, late: await latePartitions(admin, { feed, topic, retentionMs, committed }, now) }
      } catch (problem) {
        return { feed, problem }
      }
    }),
  )
}

interface FeedLog {
  readonly feed: string
  readonly topic: string
  readonly retentionMs: number
  /** Below 0 where the group has not committed: it begins at the first record. */
  readonly committed: ReadonlyMap<number, bigint>
}

async function latePartitions(admin: Admin, log: FeedLog, now: number): Promise<readonly LatePartition[]> {
  const { feed, topic, retentionMs } = log
  const half = now - retentionMs / 2
  const atHalf = await offsetsAt(admin, topic, half)
  if (![...atHalf].some(([partition, offset]) => (log.committed.get(partition) ?? -1n) < offset)) return []
  // A committed offset below the first one: the records in between have expired, and are not unread any more.
  const extents = new Map((await topicExtent(admin, topic)).map((extent) => [extent.partition, extent]))
  const next = new Map<number, bigint>()
  for (const [partition, offset] of atHalf) {
    const low = extents.get(partition)?.low ?? 0n
    const committed = log.committed.get(partition) ?? -1n
    const first = committed > low ? committed : low
    if (first < offset) next.set(partition, first)
  }
  const oldest = await oldestTimes(admin, topic, next, now - 2 * retentionMs, half, retentionMs / PRECISION)
  return [...oldest].map(([partition, oldestAt]) => ({ feed, partition, oldestAt, retentionMs }))
}

/**
 * Halves the time until the offset of each partition is enclosed closely enough. The client has no request for one record's time.
 *
 * @param next partition to the offset of its oldest unread record, which was received before `to`
 * @returns partition to the beginning of the enclosing interval
 */
async function oldestTimes(
  admin: Admin,
  topic: string,
  next: ReadonlyMap<number, bigint>,
  from: number,
  to: number,
  precision: number,
): Promise<ReadonlyMap<number, number>> {
  if (next.size === 0 || to - from <= precision) return new Map([...next.keys()].map((partition) => [partition, from]))
  const middle = (from + to) / 2
  const atMiddle = await offsetsAt(admin, topic, middle)
  const isBefore = ([partition, offset]: [number, bigint]) => offset < (atMiddle.get(partition) ?? 0n)
  const [before, after] = await Promise.all([
    oldestTimes(admin, topic, new Map([...next].filter(isBefore)), from, middle, precision),
    oldestTimes(admin, topic, new Map([...next].filter((one) => !isBefore(one))), middle, to, precision),
  ])
  return new Map([...before, ...after])
}

/** @returns partition to the offset of the first record that was received at this time or later; the end of the log when there is none */
async function offsetsAt(admin: Admin, topic: string, time: number): Promise<ReadonlyMap<number, bigint>> {
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, Math.floor(time)))
  return new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]))
}

/** @returns topic to its retention in ms, -1 without an end; a topic that does not exist is left out */
async function readRetentions(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ['retention.ms'],
    })),
  })
  return new Map(
    resources.map(({ resourceName, configEntries }) => [resourceName, Number(configEntries[0]?.configValue ?? -1)]),
  )
}
