/** Messages of a partition, which its leader gives on request: kafkajs' consumer would need a group for them. */
import type { Kafka, KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { MAX_MESSAGE_BYTES } from './client.ts'
import { type Cluster, newCluster } from './internals.ts'

export interface PartitionReader {
  /** @returns the first message that is still there; undefined when the partition has none @throws as `last` */
  first(topic: string, partition: number): Promise<KafkaMessage | undefined>
  /**
   * @returns the last message; undefined when the partition has none
   * @throws ChainonError dependency-unavailable when its leader does not answer
   */
  last(topic: string, partition: number): Promise<KafkaMessage | undefined>
  /**
   * For a topic of few messages: they are all in memory.
   *
   * @returns all messages, in their order
   * @throws ChainonError dependency-unavailable when its leader does not answer
   */
  all(topic: string, partition: number): Promise<readonly KafkaMessage[]>
  close(): Promise<void>
}

const READ_COMMITTED = 1
const MAX_WAIT_MS = 500

/** Connects at the first use. */
export function partitionReader(kafka: Kafka): PartitionReader {
  const cluster = newCluster(kafka)
  let connected = false

  async function extent(topic: string, partition: number): Promise<{ low: bigint; high: bigint }> {
    if (!connected) await cluster.connect()
    connected = true
    await cluster.addMultipleTargetTopics([topic])
    await cluster.refreshMetadataIfNecessary()
    return { low: await endOf(cluster, topic, partition, true), high: await endOf(cluster, topic, partition, false) }
  }

  /** @returns the messages from the offset on that the leader gives in one answer */
  async function read(
    topic: string,
    partition: number,
    offset: bigint,
    maxBytes = 2 * MAX_MESSAGE_BYTES,
  ): Promise<readonly KafkaMessage[]> {
    const leader = cluster
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition)?.leader
    const broker = await cluster.findBroker({ nodeId: String(leader) })
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset.toString(), maxBytes }] }],
    })
    // The broker gives whole batches: those from the one that has the offset.
    const messages = (responses[0]?.partitions[0]?.messages ?? []).filter((one) => BigInt(one.offset) >= offset)
    if (messages.length === 0) throw new Error('the leader gave no message')
    return messages
  }

  /** Of a failed reading the caller learns that it may try again. */
  async function tried<T>(topic: string, reading: () => Promise<T>): Promise<T> {
    try {
      return await reading()
    } catch (cause) {
      // The leader may be another one by now.
      await cluster.refreshMetadata().catch(() => undefined)
      throw new ChainonError('dependency-unavailable', `no leader gave the messages of ${topic}`, { cause })
    }
  }

  return {
    first: (topic, partition) =>
      tried(topic, async () => {
        const { low, high } = await extent(topic, partition)
        // However few bytes are asked for, the broker gives a whole batch.
        return low < high ? (await read(topic, partition, low, 1))[0] : undefined
      }),
    last: (topic, partition) =>
      tried(topic, async () => {
        const { low, high } = await extent(topic, partition)
        return low < high ? (await read(topic, partition, high - 1n)).at(-1) : undefined
      }),
    all: (topic, partition) =>
      tried(topic, async () => {
        const { low, high } = await extent(topic, partition)
        const found: KafkaMessage[] = []
        for (let at = low; at < high; at = BigInt(found.at(-1)?.offset ?? at) + 1n)
          found.push(...(await read(topic, partition, at)))
        return found
      }),
    close: () => cluster.disconnect(),
  }
}

async function endOf(cluster: Cluster, topic: string, partition: number, fromBeginning: boolean): Promise<bigint> {
  const [found] = await cluster.fetchTopicsOffset([{ topic, fromBeginning, partitions: [{ partition }] }])
  const offset = found?.partitions[0]?.offset
  if (offset === undefined) throw new Error('the leader gave no offset')
  return BigInt(offset)
}
