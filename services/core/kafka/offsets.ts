/** Offsets as Kafka has them: what a group committed (with its metadata), and the first and last offset of a topic. */
import { setTimeout as sleep } from 'node:timers/promises'
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

/** A group's coordinator moves, or loads the group, when a broker ends or starts: kafkajs does not ask again. */
const COORDINATOR_TRIES = 5
const COORDINATOR_WAIT_MS = 200

/** @returns what the group committed, by topic; offset -1 where it never did @throws when Kafka does not answer */
export async function groupOffsets(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
): Promise<Awaited<ReturnType<Admin['fetchOffsets']>>> {
  for (let tries = 1; ; tries++) {
    try {
      return await admin.fetchOffsets({ groupId, topics: [...topics] })
    } catch (error) {
      const moved = (error as { retriable?: boolean }).retriable === true
      if (!moved || tries === COORDINATOR_TRIES) throw error
      await sleep(COORDINATOR_WAIT_MS * tries)
    }
  }
}

/** @returns what the group committed for each partition of the topic */
export function committedOffsets(
  kafka: Kafka,
  groupId: string,
  topic: string,
): Promise<ReadonlyMap<number, Committed>> {
  return withAdmin(kafka, async (admin) => {
    const [found] = await groupOffsets(admin, groupId, [topic])
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

/** @returns how many processes are members of a group; 0 also for one that never was */
export async function membersOf(admin: Admin, group: string): Promise<number> {
  const { groups } = await admin.describeGroups([group])
  const [found] = groups
  return found === undefined || found.state === 'Empty' || found.state === 'Dead'
    ? 0
    : Math.max(1, found.members.length)
}
