/** Offsets as Kafka has them: what a group committed (with its metadata), and the first and last offset of a topic. */
import type { Admin, Kafka } from 'kafkajs'

export interface Committed {
  /** Undefined when the group never committed. */
  readonly offset: bigint | undefined
  readonly metadata: string
}

export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** @returns what the group committed for each partition of the topic */
export function committedOffsets(
  kafka: Kafka,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, Committed>> {
  return withAdmin(kafka, async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
    return new Map(
      found?.partitions.map(({ partition, offset, metadata }) => [
        partition,
        { offset: offset === '-1' ? undefined : BigInt(offset), metadata: metadata ?? '' },
      ]) ?? [],
    )
  })
}

export interface PartitionExtent {
  readonly partition: number
  /** First offset that is still there. */
  readonly low: bigint
  /** One past the last offset: how many messages were ever written to the partition. */
  readonly high: bigint
}

export async function topicExtent(admin: Admin, topic: string): Promise<readonly PartitionExtent[]> {
  const partitions = await admin.fetchTopicOffsets(topic)
  return partitions
    .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
    .toSorted((a, b) => a.partition - b.partition)
}
