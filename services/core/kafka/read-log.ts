/** Reads ranges of topics, in the order of each partition; the caller notes how far it is. */
import type { Kafka, KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'

export interface LogRange {
  readonly topic: string
  readonly partition: number
  /** The first offset that is not read yet. */
  next: bigint
  /** One past the last offset to read. */
  readonly end: bigint
}

export interface LogReader<R extends LogRange> {
  /** @param advanced offsets that `range.next` has moved by */
  read(range: R, messages: readonly KafkaMessage[], advanced: number): Promise<void>
  /** After each fetched batch. */
  batchRead(): Promise<void>
}

/**
 * @param groupId of a group that no other reading has; kafkajs reads nothing without one
 * @param chunk messages of one call of `read`
 * @throws what `read` threw: the next attempt goes on from where the caller has noted it
 */
export async function readLog<R extends LogRange>(
  kafka: Kafka,
  groupId: string,
  all: readonly R[],
  chunk: number,
  reader: LogReader<R>,
): Promise<void> {
  const ranges = new Map(all.map((range) => [`${range.topic}:${range.partition}`, range]))
  const remaining = all.filter(({ next, end }) => next < end)
  if (remaining.length === 0) return
  const consumer = kafka.consumer({
    groupId,
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: { retries: 8, restartOnFailure: async () => false },
  })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [...new Set(remaining.map(({ topic }) => topic))], fromBeginning: true })
    let failed = false
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          eachBatch: async (payload) => {
            const { batch } = payload
            const range = ranges.get(`${batch.topic}:${batch.partition}`)
            // What comes after a part that was not read would be noted as if that had been.
            if (!range || failed) return
            try {
              // Otherwise it would wait for ever for what was deleted meanwhile.
              if (range.next < range.end && BigInt(batch.firstOffset() ?? range.next) >= range.end)
                throw new ChainonError(
                  'dependency-unavailable',
                  `${batch.topic}, partition ${batch.partition}, no longer has what is read: start this again`,
                )
              const wanted = batch.messages.filter(
                ({ offset }) => BigInt(offset) >= range.next && BigInt(offset) < range.end,
              )
              for (let at = 0; at < wanted.length; at += chunk) {
                const slice = wanted.slice(at, at + chunk)
                const before = range.next
                range.next = BigInt(slice.at(-1)?.offset ?? range.next) + 1n
                await reader.read(range, slice, Number(range.next - before))
                await payload.heartbeat()
              }
              await reader.batchRead()
              const last = batch.messages.at(-1)
              if (last) payload.resolveOffset(last.offset)
              if (all.every(({ next, end }) => next >= end)) resolve()
            } catch (error) {
              failed = true
              // The client would try again for ever; the next attempt goes on from the noted offsets.
              reject(error instanceof Error ? error : new Error('the log could not be read'))
              consumer.pause([{ topic: batch.topic }])
            }
          },
        })
        .catch(reject)
      for (const { topic, partition, next } of remaining) consumer.seek({ topic, partition, offset: next.toString() })
    })
  } finally {
    await consumer.disconnect()
  }
}
