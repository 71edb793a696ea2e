/** What both workers have in common: configuration, metrics, alarms, admin endpoint, contracts, registry, Kafka, consumer. */
import type { Kafka } from 'kafkajs'
import { type AvroRegistry, avroRegistry, REGISTRY_KEYS } from '../avro/registry.ts'
import type { Config } from '../config/read.ts'
import { loadContracts } from '../contract/load.ts'
import type { FeedContract } from '../contract/types.ts'
import { KAFKA_KEYS, kafkaClient } from '../kafka/client.ts'
import type { Running } from '../process/run-main.ts'
import { adminServer } from '../telemetry/admin-server.ts'
import { type Alarms, createAlarms } from '../telemetry/alarms.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics.ts'
import { type PartitionBatch, type PartitionConsumer, startConsumer } from './consumer.ts'
import { type WorkerEvents, type WorkerName, workerEvents } from './events.ts'

/** Settings of every worker. */
export const WORKER_KEYS = [
  ...KAFKA_KEYS,
  ...REGISTRY_KEYS,
  'CHAINON_FEEDS_DIR',
  'CHAINON_DATA_DIR',
  'CHAINON_SECRETS_DIR',
  'CHAINON_HTTP_HOST',
  'CHAINON_HTTP_PORT',
  'CHAINON_LOG_LEVEL',
] as const

/** Partitions handled at the same time: while one waits for the broker or an insert, another computes. */
const CONCURRENCY = 4

export interface WorkerTools {
  readonly contracts: readonly FeedContract[]
  readonly registry: AvroRegistry
  readonly kafka: Kafka
  readonly metrics: Metrics
  readonly alarms: Alarms
  readonly events: WorkerEvents
}

/** What a worker does with the batches of one topic. */
export interface TopicWork {
  readonly feed: string
  readonly handle: (batch: PartitionBatch) => Promise<void>
}

export interface WorkerDefinition {
  readonly service: WorkerName
  /** A fetch waits for so many bytes, but no longer than so many milliseconds: few large batches or many small ones. */
  readonly minBytes: number
  readonly maxWaitMs: number
  /** Connects what the worker needs beyond the tools. @returns the work by topic, and a function that disconnects it */
  readonly setUp: (
    tools: WorkerTools,
  ) => Promise<{ readonly topics: ReadonlyMap<string, TopicWork>; readonly close: () => Promise<void> }>
}

/** @throws ConfigurationError for a wrong contract or setting, ChainonError dependency-unavailable when a dependency is unreachable */
export async function startWorker(
  definition: WorkerDefinition,
  config: Config<(typeof WORKER_KEYS)[number]>,
  logger: Logger,
  fail: (error: unknown) => void,
): Promise<Running> {
  const { service } = definition
  const metrics = createMetrics(service)
  const alarms = createAlarms()
  let consumer: PartitionConsumer | undefined
  const admin = adminServer({ metrics, alarms, healthy: () => consumer?.joined() ?? false })
  await admin.listen({ host: config.CHAINON_HTTP_HOST, port: config.CHAINON_HTTP_PORT })
  const kafka = kafkaClient(service, config, logger)
  const { topics, close } = await definition.setUp({
    contracts: loadContracts(config.CHAINON_FEEDS_DIR),
    registry: avroRegistry(config),
    kafka,
    metrics,
    alarms,
    events: workerEvents(service, metrics),
  })
  consumer = await startConsumer({
    kafka,
    groupId: `${config.CHAINON_NAMESPACE}${service}`,
    topics: [...topics.keys()],
    logger,
    concurrency: CONCURRENCY,
    minBytes: definition.minBytes,
    maxWaitMs: definition.maxWaitMs,
    onBatch: async (batch) => topics.get(batch.topic)?.handle(batch),
    // Every assigned partition starts again; alarms that concern no partition stay.
    onAssigned() {
      for (const alarm of alarms.active()) if (alarm.partition !== undefined) alarms.clear(alarm.id)
    },
    onStopped(topic, partition, error) {
      logger.error({ event: 'partition-stopped', topic, partition, err: safeError(error) })
      alarms.raise({
        id: `stopped:${topic}:${partition}`,
        code: 'bug',
        feed: topics.get(topic)?.feed ?? topic,
        partition,
        message: `An unexpected error stopped this partition in ${service}; nothing was committed. Read the log, then restart ${service}.`,
      })
    },
    fail,
  })
  return {
    async stop() {
      await consumer?.stop()
      await close()
      await admin.close()
    },
  }
}
