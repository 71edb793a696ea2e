/** What the workers have in common: configuration, metrics, alarms, admin endpoint, contracts, registry, Kafka, consumer. */

import type { FastifyInstance } from 'fastify'
import type { Kafka } from 'kafkajs'
import { REGISTRY_KEYS } from '../avro/ask-registry.ts'
import { type AvroRegistry, avroRegistry } from '../avro/registry.ts'
import type { Config } from '../config/read.ts'
import { loadContracts } from '../contract/load.ts'
import { type TopicKind, topicOf } from '../contract/names.ts'
import type { FeedContract } from '../contract/types.ts'
import { createRequestGuard } from '../http/request-guard.ts'
import { KAFKA_KEYS, kafkaClient } from '../kafka/client.ts'
import type { Running } from '../process/run-main.ts'
import { adminServer } from '../telemetry/admin-server.ts'
import { type Alarms, createAlarms } from '../telemetry/alarms.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import type { SealsUnder } from './assigner.ts'
import { type PartitionBatch, type PartitionConsumer, startConsumer } from './consumer.ts'
import { type WorkerEvents, type WorkerName, workerEvents } from './events.ts'
import { createMembers } from './members.ts'
import { createWorkerState, type Reach, type WorkerState } from './state.ts'
import { createSuspects, type Suspects } from './suspects.ts'

/** Settings of every worker. */
export const WORKER_KEYS = [
  ...KAFKA_KEYS,
  ...REGISTRY_KEYS,
  'CHAINON_FEEDS_DIR',
  'CHAINON_DATA_DIR',
  'CHAINON_SECRETS_DIR',
  'CHAINON_HTTP_HOST',
  'CHAINON_HTTP_PORT',
  'CHAINON_ALLOWED_HOSTS',
  'CHAINON_LOG_LEVEL',
  'CHAINON_GROUP_SESSION_SECONDS',
  'CHAINON_SLOW_BATCH_SECONDS',
  'CHAINON_STALL_SECONDS',
  'CHAINON_RECORD_ATTEMPTS',
] as const

export interface WorkerTools {
  readonly contracts: readonly FeedContract[]
  readonly registry: Omit<AvroRegistry, 'register'>
  readonly kafka: Kafka
  readonly metrics: Metrics
  readonly alarms: Alarms
  readonly events: WorkerEvents
  readonly suspects: Suspects
  /** Every call to a dependency during the start goes through it: the start waits until the dependency answers. */
  readonly reach: Reach
  /** The start waits until this process is to work; until then it is in no group. */
  readonly waitForTurn: WorkerState['waitForTurn']
}

/** What a worker does with the batches of one topic. */
export interface TopicWork {
  readonly feed: string
  readonly handle: (batch: PartitionBatch) => Promise<void>
}

export interface WorkerDefinition {
  readonly service: WorkerName
  /** The topics whose records may end its process. */
  readonly zone: TopicKind
  /** Partitions handled at the same time: while one waits for the broker or an insert, another computes. */
  readonly concurrency: number
  /** A fetch waits for so many bytes, but no longer than so many milliseconds: few large batches or many small ones. */
  readonly minBytes: number
  readonly maxWaitMs: number
  /** Adds routes to its admin port, before it listens. */
  readonly routes?: (admin: FastifyInstance) => void
  /** Connects what the worker needs beyond the tools. */
  readonly setUp: (tools: WorkerTools) => Promise<WorkerSetUp>
}

export interface WorkerSetUp {
  /** The work by topic. */
  readonly topics: ReadonlyMap<string, TopicWork>
  /** Where the worker seals: its group can be asked for it. */
  readonly sealsUnder?: SealsUnder
  /** Disconnects it. */
  readonly close: () => Promise<void>
}

/** Waits in place for dependencies. @throws ConfigurationError for a wrong contract or setting */
export async function startWorker(
  definition: WorkerDefinition,
  config: Config<(typeof WORKER_KEYS)[number]>,
  logger: Logger,
): Promise<Running> {
  const { service } = definition
  const metrics = createMetrics(service)
  const alarms = createAlarms()
  let topics: ReadonlyMap<string, TopicWork> = new Map()
  const feedOf = (topic: string) => topics.get(topic)?.feed ?? topic
  const slowBatchSeconds = config.CHAINON_SLOW_BATCH_SECONDS
  const state = createWorkerState({ service, alarms, logger, feedOf, slowBatchSeconds })
  let consumer: PartitionConsumer | undefined
  const admin = adminServer(
    { metrics, alarms, health: () => state.health(consumer) },
    {
      server: { trustProxy: false },
      guard: createRequestGuard({ hosts: config.CHAINON_ALLOWED_HOSTS, origins: [], senders: undefined }),
    },
  )
  definition.routes?.(admin)
  await admin.listen({ host: config.CHAINON_HTTP_HOST, port: config.CHAINON_HTTP_PORT })
  const kafka = kafkaClient(service, config, logger)
  const groupId = `${config.CHAINON_NAMESPACE}${service}`
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const suspects = createSuspects({
    folder: config.CHAINON_DATA_DIR,
    group: groupId,
    topics: contracts.map(({ feed }) => topicOf(config.CHAINON_NAMESPACE, definition.zone, feed)),
    stallSeconds: config.CHAINON_STALL_SECONDS,
    attempts: config.CHAINON_RECORD_ATTEMPTS,
  })
  const work = await definition.setUp({
    contracts,
    suspects,
    registry: avroRegistry(config),
    kafka,
    metrics,
    alarms,
    events: workerEvents(service, metrics, logger),
    reach: state.reach,
    waitForTurn: state.waitForTurn,
  })
  topics = work.topics
  const members = createMembers(kafka, groupId, config.CHAINON_DATA_DIR, logger)
  consumer = await state.reach('Kafka', () =>
    startConsumer({
      kafka,
      groupId,
      topics: [...topics.keys()],
      sealsUnder: work.sealsUnder,
      logger,
      members,
      concurrency: definition.concurrency,
      minBytes: definition.minBytes,
      maxWaitMs: definition.maxWaitMs,
      sessionMs: config.CHAINON_GROUP_SESSION_SECONDS * 1000,
      slowBatchMs: slowBatchSeconds * 1000,
      events: state.events,
      async onBatch(batch) {
        suspects.refresh()
        await topics.get(batch.topic)?.handle(batch)
      },
    }),
  )
  return {
    async stop() {
      state.close()
      await consumer?.stop()
      await work.close()
      await suspects.close()
      await admin.close()
    },
  }
}
