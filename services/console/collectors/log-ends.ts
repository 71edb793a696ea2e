/**
 * Watches that the logs of `identified.<feed>` only grow. `deidentify` notices that a log lost its end where it had read it; records that were
 * accepted and not yet read leave no trace, except in what was seen here: where the log ended, and under which leader epoch. So the finding
 * says how many records Kafka lost, and how many of these had not been read, as of the last look.
 */
import type { Kafka } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { topicOf } from '#core/contract/names.ts'
import { groupOffsets, topicExtent } from '#core/kafka/offsets.ts'
import type { ReconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { type TopicIds, topicIds } from '#core/kafka/topic-ids.ts'
import { type Finding, openFindings } from '#core/ledger/findings.ts'
import { every } from '#core/process/loop.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

/** What the last look saw of one partition. */
export interface SeenEnd {
  readonly topicId: string
  readonly leaderEpoch: number
  /** One past the last offset. */
  readonly end: bigint
  /** One past the last offset that `deidentify` had passed. */
  readonly passed: bigint
}

export interface LogEndsOptions {
  readonly admin: ReconnectingAdmin
  readonly ids: Pick<TopicIds, 'of' | 'endOfEpoch'>
  readonly clickhouse: ClickHouseClient
  readonly namespace: string
  readonly feeds: readonly string[]
}

export interface LogEndsWatchOptions extends Omit<LogEndsOptions, 'ids'> {
  readonly kafka: Kafka
  readonly logger: Logger
}

const LOOK_MS = 2_000
const TIMEOUT_MS = 15_000

export function watchLogEnds({ kafka, logger, ...options }: LogEndsWatchOptions): { stop(): Promise<void> } {
  let ids: TopicIds | undefined
  let look: (() => Promise<void>) | undefined
  const loop = every(LOOK_MS, async () => {
    try {
      ids ??= await topicIds(kafka)
      look ??= lookAtLogEnds({ ...options, ids })
      await look()
    } catch (error) {
      // Kafka or ClickHouse may be down, which others report; what was seen before is compared at the next look.
      logger.debug({ event: 'log-ends-unknown', err: safeError(error) })
    }
  })
  return {
    async stop() {
      await loop.stop()
      await ids?.close()
    },
  }
}

/** @returns one look: it opens a finding for each log that is shorter than it was, or that was and has grown again */
export function lookAtLogEnds(options: LogEndsOptions): () => Promise<void> {
  const { admin, ids, clickhouse, namespace, feeds } = options
  const seen = new Map<string, SeenEnd>()

  async function lookAt(feed: string): Promise<void> {
    const topic = topicOf(namespace, 'identified', feed)
    const id = await ids.of(topic)
    if (!id) return
    const [extents, groups] = await admin.use(
      (client) => Promise.all([topicExtent(client, topic), groupOffsets(client, `${namespace}deidentify`, [topic])]),
      TIMEOUT_MS,
    )
    const after = await ids.of(topic)
    const committed = new Map(groups[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
    for (const { partition, high } of extents) {
      const key = `${feed}:${partition}`
      const before = seen.get(key)
      const leaderEpoch = id.leaders.get(partition)?.epoch
      // Between two leaders it is not known whose end this is.
      if (leaderEpoch === undefined || after?.id !== id.id || after.leaders.get(partition)?.epoch !== leaderEpoch)
        continue
      if (before?.topicId === id.id) {
        const end =
          before.leaderEpoch === leaderEpoch ? high : await ids.endOfEpoch(topic, partition, before.leaderEpoch)
        if (end < before.end) await openFindings(clickhouse, [shortened(feed, partition, before, end)], Date.now())
      }
      // Only what is in the table as a finding may be forgotten here.
      seen.set(key, { topicId: id.id, leaderEpoch, end: high, passed: committed.get(partition) ?? 0n })
    }
  }

  return async () => {
    const failures = (await Promise.allSettled(feeds.map(lookAt))).filter((one) => one.status === 'rejected')
    if (failures[0]) throw failures[0].reason
  }
}

/** @param end where the log of before ends now */
export function shortened(feed: string, partition: number, before: SeenEnd, end: bigint): Finding {
  const read = before.passed > end ? before.passed : end
  const unread = before.end > read ? before.end - read : 0n
  return {
    code: 'topic-truncated',
    feed,
    incarnation: before.topicId,
    partition,
    from: end,
    to: before.end,
    message: `Kafka lost the end of identified.${feed}, partition ${partition}: ${before.end - end} records from offset ${end} on. ${unread} of them had not been passed by deidentify when the console looked last, and are lost unless it passed them since; records that were accepted after that look are not counted. Their senders must send them again.`,
  }
}
