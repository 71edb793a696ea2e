/** Whether `deidentify` has read what was sealed with a day's key: a record that it has not read is lost when the key is shredded. */
import type { Admin } from 'kafkajs'
import { topicOf } from '../contract/names.ts'
import { groupOffsets, topicExtent } from '../kafka/offsets.ts'
import { endOf } from './day.ts'

/** A request that began before midnight is appended under the key of that day. */
const LATE_MS = 600_000

/**
 * @param day days since 1970-01-01
 * @returns how many records of the identified topics may be sealed with the key of that day or of an earlier one, and are unread
 * @throws when Kafka does not answer
 */
export async function unreadOfDay(
  admin: Admin,
  namespace: string,
  feeds: readonly string[],
  day: number,
): Promise<bigint> {
  const topics = feeds.map((feed) => topicOf(namespace, 'identified', feed))
  const committed = await groupOffsets(admin, `${namespace}deidentify`, topics)
  let unread = 0n
  for (const topic of topics) {
    const read = committed.find((one) => one.topic === topic)?.partitions ?? []
    const ends = await admin.fetchTopicOffsetsByTimestamp(topic, endOf(day) + LATE_MS)
    for (const { partition, low, high } of await topicExtent(admin, topic)) {
      const found = BigInt(ends.find((one) => one.partition === partition)?.offset ?? -1)
      // No later record: all that are there may be of the day.
      const end = found < 0n ? high : found
      const next = BigInt(read.find((one) => one.partition === partition)?.offset ?? -1)
      const first = next > low ? next : low
      if (end > first) unread += end - first
    }
  }
  return unread
}
