/** Kafka: every message of every topic since a mark, with its key and headers, through the client, which decodes compressed batches. */
import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { groupOffsets, withAdmin } from '#core/kafka/offsets.ts'
import type { PlaceReport, Search } from '../search.ts'

/** By topic and partition, the offset of the first message that is read. */
export type KafkaMark = ReadonlyMap<string, ReadonlyMap<number, bigint>>

/** @returns where every topic ends now */
export function markKafka(kafka: Kafka): Promise<KafkaMark> {
  return withAdmin(kafka, async (admin) => {
    const mark = new Map<string, ReadonlyMap<number, bigint>>()
    for (const topic of await admin.listTopics()) {
      const extents = await admin.fetchTopicOffsets(topic).catch(() => [])
      mark.set(topic, new Map(extents.map(({ high, partition }) => [partition, BigInt(high)])))
    }
    return mark
  })
}

interface Wanted {
  readonly topic: string
  readonly partition: number
  readonly from: bigint
  /** The offset after the last message. */
  readonly to: bigint
}

/**
 * @param mark an empty one reads everything
 * @param groups names of groups of workers, whose offset metadata are read
 * @param groupPrefix of the groups that this user may make: kafkajs reads no partition without one
 */
export async function searchKafka(
  kafka: Kafka,
  search: Search,
  mark: KafkaMark,
  groups: readonly string[],
  groupPrefix: string,
): Promise<PlaceReport> {
  const wanted = await extentsSince(kafka, search, mark)
  const topics = [...Map.groupBy(wanted, ({ topic }) => topic).values()]
  let messages = 0
  const count = () => messages++
  try {
    await read(kafka, wanted, `${groupPrefix}${randomUUID()}`, search, count)
  } catch {
    // One topic that may not be read stops them all: then each is read by itself, and named where it cannot be.
    messages = 0
    for (const partitions of topics) {
      await read(kafka, partitions, `${groupPrefix}${randomUUID()}`, search, count).catch((error: unknown) =>
        search.unread(`topic ${partitions[0]?.topic ?? ''}`, error),
      )
    }
  }
  const names = [...new Set(wanted.map(({ topic }) => topic))]
  for (const group of groups) {
    await withAdmin(kafka, async (admin) =>
      search.scan(`group ${group}`, JSON.stringify(await groupOffsets(admin, group, names))),
    ).catch((error: unknown) => search.unread(`group ${group}`, error))
  }
  return search.report(
    'Kafka',
    `${names.length} topics, ${messages} messages with keys and headers, ${groups.length} groups`,
    true,
  )
}

function extentsSince(kafka: Kafka, search: Search, mark: KafkaMark): Promise<readonly Wanted[]> {
  return withAdmin(kafka, async (admin) => {
    const wanted: Wanted[] = []
    for (const topic of await admin.listTopics()) {
      search.scan('names of topics', topic)
      const extents = await admin.fetchTopicOffsets(topic).catch((error: unknown) => {
        search.unread(`topic ${topic}`, error)
        return []
      })
      for (const { high, low, partition } of extents) {
        const marked = mark.get(topic)?.get(partition) ?? 0n
        const from = marked > BigInt(low) ? marked : BigInt(low)
        if (from < BigInt(high)) wanted.push({ topic, partition, from, to: BigInt(high) })
      }
    }
    return wanted
  })
}

async function read(
  kafka: Kafka,
  wanted: readonly Wanted[],
  groupId: string,
  search: Search,
  count: () => void,
): Promise<void> {
  if (wanted.length === 0) return
  const left = new Map(wanted.map((one) => [`${one.topic} ${one.partition}`, one]))
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    retry: { retries: 1 },
  })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [...new Set(wanted.map(({ topic }) => topic))], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            const own = left.get(`${batch.topic} ${batch.partition}`)
            if (!own) return
            for (const { headers = {}, key, offset, value } of batch.messages) {
              if (BigInt(offset) < own.from || BigInt(offset) >= own.to) continue
              count()
              search.scan(`topic ${batch.topic}`, key, value, ...headerParts(headers))
            }
            if (BigInt(batch.lastOffset()) + 1n < own.to) return
            left.delete(`${batch.topic} ${batch.partition}`)
            if (left.size === 0) resolve()
          },
        })
        .catch(reject)
      for (const { from, partition, topic } of wanted) consumer.seek({ topic, partition, offset: from.toString() })
    })
  } finally {
    await consumer.disconnect()
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => undefined)
  }
}

function headerParts(
  headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>,
): (Buffer | string)[] {
  return Object.entries(headers).flatMap(([name, value]) => [name, ...(value === undefined ? [] : [value].flat())])
}
