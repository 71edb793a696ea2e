/** What the harness asks Kafka itself: how far the groups are, open intents, members; and what a fault does to topics and groups. */
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { restWhenIdle } from '#core/kafka/internals.ts'
import { until } from './bench.ts'
import type { KafkaAccess } from './kafka-access.ts'

export type Group = 'curate' | 'deidentify'

export interface GroupOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
}

export interface LogAdmin {
  use<T>(work: (admin: Admin) => Promise<T>): Promise<T>
  committed(group: Group): Promise<readonly GroupOffset[]>
  /** Messages that a group has not processed yet. */
  lag(group: Group): Promise<number>
  /** Partitions in which curate has begun a batch and not ended it. */
  openIntents(): Promise<number>
  /** @returns the ids of the members of a group */
  members(group: Group): Promise<readonly string[]>
  /** Waits until both groups have processed everything. */
  drained(withinMs: number): Promise<boolean>
}

export function logAdmin(access: KafkaAccess, feeds: readonly string[]): LogAdmin {
  restWhenIdle()
  const kafka = new Kafka({
    clientId: 'chaos',
    ...access,
    logLevel: logLevel.NOTHING,
    retry: { retries: 4, initialRetryTime: 100 },
  })
  const topicsOf = (group: Group) =>
    feeds.map((feed) => `${group === 'curate' ? 'pseudonymised' : 'identified'}.${feed}`)

  async function use<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafka.admin()
    try {
      await admin.connect()
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  const committedBy = async (admin: Admin, group: Group): Promise<readonly GroupOffset[]> =>
    (await admin.fetchOffsets({ groupId: group, topics: topicsOf(group) })).flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, metadata }) => ({
        topic,
        partition,
        offset: Number(offset),
        metadata: metadata ?? '',
      })),
    )

  async function lagOf(admin: Admin, group: Group): Promise<number> {
    const committed = new Map(
      (await committedBy(admin, group)).map((one) => [`${one.topic}/${one.partition}`, one.offset]),
    )
    const extents = await Promise.all(
      topicsOf(group).map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) })),
    )
    return extents
      .flatMap(({ topic, partitions }) =>
        partitions.map(
          ({ partition, high, low }) =>
            Number(high) - Math.max(Number(low), committed.get(`${topic}/${partition}`) ?? 0),
        ),
      )
      .reduce((sum, one) => sum + Math.max(0, one), 0)
  }

  return {
    use,
    committed: (group) => use((admin) => committedBy(admin, group)),
    lag: (group) => use((admin) => lagOf(admin, group)),
    openIntents: () =>
      use(async (admin) => (await committedBy(admin, 'curate')).filter(({ metadata }) => /"to"/.test(metadata)).length),
    members: (group) =>
      use(async (admin) =>
        ((await admin.describeGroups([group])).groups[0]?.members ?? []).map(({ memberId }) => memberId).toSorted(),
      ),
    drained: (withinMs) =>
      use((admin) =>
        until(async () => (await lagOf(admin, 'deidentify')) === 0 && (await lagOf(admin, 'curate')) === 0, withinMs),
      ),
  }
}
