/** The last message of a partition, which its leader gives on one request: kafkajs' consumer would need a group for it. */
import type { Kafka, KafkaMessage } from 'kafkajs'
import { ChainonError } from '../faults/errors.ts'
import { MAX_MESSAGE_BYTES } from './client.ts'
import { type Cluster, newCluster } from './internals.ts'

export interface LastMessages {
  /**
   * @returns undefined when the partition has no message
   * @throws ChainonError dependency-unavailable when its leader does not answer
   */
  of(topic: string, partition: number): Promise<KafkaMessage | undefined>
  close(): Promise<void>
}

const READ_COMMITTED = 1
const MAX_WAIT_MS = 500

/** Connects at the first use. */
export function lastMessages(kafka: Kafka): LastMessages {
  const cluster = newCluster(kafka)
  let connected = false

  async function read(topic: string, partition: number): Promise<KafkaMessage | undefined> {
    if (!connected) await cluster.connect()
    connected = true
    await cluster.addMultipleTargetTopics([topic])
    await cluster.refreshMetadataIfNecessary()
    const [low, high] = [await endOf(cluster, topic, partition, true), await endOf(cluster, topic, partition, false)]
    if (low >= high) return undefined
    const leader = cluster
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition)?.leader
    const broker = await cluster.findBroker({ nodeId: String(leader) })
    const fetchOffset = (high - 1n).toString()
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes: 2 * MAX_MESSAGE_BYTES,
      topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes: 2 * MAX_MESSAGE_BYTES }] }],
    })
    // The broker gives whole batches: those from the one that has the offset.
    const last = responses[0]?.partitions[0]?.messages.at(-1)
    if (!last) throw new Error('the leader gave no message')
    return last
  }

  return {
    async of(topic, partition) {
      try {
        return await read(topic, partition)
      } catch (cause) {
        // The leader may be another one by now.
        await cluster.refreshMetadata().catch(() => undefined)
        throw new ChainonError('dependency-unavailable', `no leader gave the last message of ${topic}`, { cause })
      }
    },
    close: () => cluster.disconnect(),
  }
}

async function endOf(cluster: Cluster, topic: string, partition: number, fromBeginning: boolean): Promise<bigint> {
  const [found] = await cluster.fetchTopicsOffset([{ topic, fromBeginning, partitions: [{ partition }] }])
  const offset = found?.partitions[0]?.offset
  if (offset === undefined) throw new Error('the leader gave no offset')
  return BigInt(offset)
}
