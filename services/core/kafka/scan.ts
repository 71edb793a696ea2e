/** Reads one partition from an offset to its present end, outside the groups of the workers. */
import { randomUUID } from 'node:crypto'
import type { Kafka, KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { topicExtent, withAdmin } from './offsets.ts'

/**
 * @param from first offset that is read; a lower one than the first of the log begins there
 * @param visit called with each message, in order
 * @throws ChainonError dependency-unavailable when the end is not reached
 */
export async function scanPartition(
  kafka: Kafka,
  groupPrefix: string,
  topic: string,
  partition: number,
  from: bigint,
  visit: (message: KafkaMessage) => void,
): Promise<void> {
  const extents = await withAdmin(kafka, (admin) => topicExtent(admin, topic))
  const { low, high } = extents.find((extent) => extent.partition === partition) ?? { low: 0n, high: 0n }
  const start = from > low ? from : low
  if (start >= high) return
  // The client cannot read a partition without a group: this one has a name of its own, and is deleted after the reading.
  const groupId = `${groupPrefix}scan-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const others = extents.map((extent) => extent.partition).filter((one) => one !== partition)
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(unreadable(payload.error)))
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            if (batch.partition !== partition) return
            for (const message of batch.messages) {
              const offset = BigInt(message.offset)
              if (offset >= start && offset < high) visit(message)
            }
            if (BigInt(batch.lastOffset()) + 1n >= high) resolve()
          },
        })
        .catch((error: unknown) => reject(unreadable(error)))
      // The client applies both at its next fetch.
      if (others.length > 0) consumer.pause([{ topic, partitions: others }])
      consumer.seek({ topic, partition, offset: start.toString() })
    })
  } finally {
    await consumer.disconnect()
  }
  await withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))
}

function unreadable(cause: unknown): ChainonError {
  return new ChainonError('dependency-unavailable', 'a partition of Kafka could not be read to its end', { cause })
}
