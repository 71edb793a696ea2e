/** Knows the leader of each partition of the identified topics, as Kafka said it at the last look; a look that fails changes nothing. */
import type { Admin } from 'kafkajs'
import type { ReconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { every } from '#core/process/loop.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

/** The broker's id by partition; undefined where a partition has no leader. */
export type TopicLeaders = readonly (number | undefined)[]

export interface Leaders {
  /** @returns undefined for a topic that is not known: it does not exist, or no look has succeeded yet */
  of(topic: string): TopicLeaders | undefined
  topics(): Iterable<readonly [topic: string, leaders: TopicLeaders]>
  /** Waits for the first look, whatever it found. */
  ready(): Promise<void>
  /** Calls the listener after each look that succeeded. */
  onLook(listener: () => void): void
  /** Looks again now: a send failed, and the leaders may have changed. */
  refresh(): void
  stop(): Promise<void>
}

const LOOK_MS = 2_000
const TIMEOUT_MS = 5_000

/** @param admin of a client for which a partition without a leader is no failure (`seeLeaderless`) */
export function watchLeaders(admin: ReconnectingAdmin, topics: readonly string[], logger: Logger): Leaders {
  let known: ReadonlyMap<string, TopicLeaders> = new Map()
  let looking: Promise<void> | undefined
  const listeners: (() => void)[] = []

  async function lookNow(): Promise<void> {
    try {
      known = await admin.use((client) => readLeaders(client, topics), TIMEOUT_MS)
    } catch (error) {
      logger.debug({ event: 'leaders-not-read', err: safeError(error) })
      return
    }
    for (const listener of listeners) listener()
  }

  function look(): Promise<void> {
    looking ??= lookNow().finally(() => {
      looking = undefined
    })
    return looking
  }

  const first = look()
  const loop = every(LOOK_MS, look, LOOK_MS)
  return {
    of: (topic) => known.get(topic),
    topics: () => known,
    ready: () => first,
    onLook: (listener) => void listeners.push(listener),
    refresh: () => void look(),
    async stop() {
      await loop.stop()
      await looking
    },
  }
}

async function readLeaders(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, TopicLeaders>> {
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] })
  return new Map(
    metadata.topics.map(({ name, partitions }) => {
      const leaders = Array<number | undefined>(partitions.length).fill(undefined)
      for (const { partitionId, leader } of partitions) if (leader >= 0) leaders[partitionId] = leader
      return [name, leaders] as const
    }),
  )
}
