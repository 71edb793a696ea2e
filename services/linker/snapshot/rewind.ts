/** Where the linker is to go on: its group continues at the positions of the snapshot, and what Kafka no longer has from there on is counted. */
import type { Kafka } from 'kafkajs'
import { ConfigurationError } from '#core/faults/errors.ts'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'

export interface GoesOnAt {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Messages from there on that Kafka has deleted. */
  readonly expired: bigint
}

/**
 * @param topics `linkage.<feed>`
 * @param positions `topic:partition` to the offset of the next message that the snapshot lacks
 * @returns each partition that is there; one of which the snapshot has nothing goes on at 0
 */
export function goesOnAt(
  kafka: Kafka,
  topics: readonly string[],
  positions: Readonly<Record<string, string>>,
): Promise<readonly GoesOnAt[]> {
  return withAdmin(kafka, async (admin) => {
    const extents = await Promise.all(topics.map(async (topic) => ({ topic, extent: await topicExtent(admin, topic) })))
    return extents.flatMap(({ topic, extent }) =>
      extent.map(({ partition, low, high }) => {
        const offset = BigInt(positions[`${topic}:${partition}`] ?? 0)
        // A topic that was made anew ends before.
        const from = offset > high ? 0n : offset
        return { topic, partition, offset: from, expired: low > from ? low - from : 0n }
      }),
    )
  })
}

/** @param refused what is not done @throws ConfigurationError while a linker is in the group */
export async function assertStopped(
  kafka: Kafka,
  groupId: string,
  refused = 'The snapshot is not restored',
): Promise<void> {
  const { groups } = await withAdmin(kafka, (admin) => admin.describeGroups([groupId]))
  if (groups.some(({ members }) => members.length > 0))
    throw new ConfigurationError(refused, [
      'a linker runs, or was killed some seconds ago (CHAINON_GROUP_SESSION_SECONDS): stop it first',
    ])
}

/** Commits as a member of the group, which has no other: a partition without new messages would not be read again otherwise. */
export async function rewind(kafka: Kafka, groupId: string, places: readonly GoesOnAt[]): Promise<void> {
  const topics = [...new Set(places.map(({ topic }) => topic))]
  const consumer = kafka.consumer({ groupId })
  await consumer.connect()
  try {
    await consumer.subscribe({ topics, fromBeginning: true })
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined })
    consumer.pause(topics.map((topic) => ({ topic })))
    await joined
    await consumer.commitOffsets(
      places.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset.toString() })),
    )
  } finally {
    await consumer.disconnect()
  }
}
