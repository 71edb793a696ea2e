/** The ids of the topics as they were a few seconds ago, for receipts; asked beside the path of a request. */
import type { Kafka } from 'kafkajs'
import { topicOf } from '#core/contract/names.ts'
import { type TopicIds, topicIds } from '#core/kafka/topic-ids.ts'
import { every } from '#core/process/loop.ts'
import { withTimeout } from '#core/process/timeout.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

export interface KnownTopicIds {
  /** @returns undefined when no look has succeeded yet */
  of(feed: string): string | undefined
  /** Waits for the first look, a short while: records that are accepted before it cannot be followed. */
  ready(): Promise<void>
  stop(): Promise<void>
}

const LOOK_MS = 5_000
const READY_MS = 2_000

/** A topic that is created again is noticed at the next look: what was accepted meanwhile is then not found under the former id, and its state is unknown. */
export function watchTopicIds(
  kafka: Kafka,
  namespace: string,
  feeds: readonly string[],
  logger: Logger,
): KnownTopicIds {
  const known = new Map<string, string>()
  let connection: TopicIds | undefined

  async function look(): Promise<void> {
    try {
      connection ??= await topicIds(kafka)
      for (const feed of feeds) {
        const found = await connection.of(topicOf(namespace, 'identified', feed))
        if (found) known.set(feed, found.id)
      }
    } catch (error) {
      logger.debug({ event: 'topic-ids-not-read', err: safeError(error) })
      const failed = connection
      connection = undefined
      await failed?.close().catch(() => undefined)
    }
  }

  const first = look()
  const loop = every(LOOK_MS, look, LOOK_MS)
  return {
    of: (feed) => known.get(feed),
    ready: () => withTimeout(first, READY_MS).catch(() => undefined),
    async stop() {
      await loop.stop()
      await first
      await connection?.close().catch(() => undefined)
    },
  }
}
