/** Builds the worker from its parts; main.ts reads the environment and listens. */
import { avroRegistry } from '#core/avro/registry.ts'
import { secretsDir } from '#core/config/read.ts'
import { identifiedSchema, MARKER_SCHEMA, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { markerSubject, subjectOf, topicOf } from '#core/contract/names.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import type { Running } from '#core/process/run-main.ts'
import { adminServer } from '#core/telemetry/admin-server.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { type PartitionConsumer, startConsumer } from '#core/worker/consumer.ts'
import { workerEvents } from '#core/worker/events.ts'
import type { deidentifyConfig } from './config.ts'
import { deidentifyPipeline } from './pipeline.ts'
import { deidentifyBatch, type FeedWork } from './worker.ts'

/** Partitions handled side by side: while one waits for the broker another computes. */
const CONCURRENCY = 4

export async function startDeidentify(
  config: ReturnType<typeof deidentifyConfig>,
  logger: Logger,
  fail: (error: unknown) => void,
): Promise<Running> {
  const metrics = createMetrics('deidentify')
  const alarms = createAlarms()
  let consumer: PartitionConsumer | undefined
  const admin = adminServer({ metrics, alarms, healthy: () => consumer?.joined() ?? false })
  await admin.listen({ host: config.CHAINON_HTTP_HOST, port: config.CHAINON_HTTP_PORT })

  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const secrets = secretsDir('deidentify', config)
  const level1 = pseudonymiser(1, loadOrCreateSecret(secrets, 'pseudonym-level1.key'))
  const tokenSecret = loadOrCreateSecret(secrets, 'linkage-level1.key')
  const namespace = config.CHAINON_NAMESPACE
  const registry = avroRegistry(config)
  const kafka = kafkaClient('deidentify', config, logger)
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  const [markerEncoder, works] = await Promise.all([
    registry.encoder(markerSubject(namespace), MARKER_SCHEMA),
    Promise.all(
      contracts.map(async (contract): Promise<[string, FeedWork]> => {
        const outputTopic = topicOf(namespace, 'pseudonymised', contract.feed)
        const decoder = registry.decoder([identifiedSchema(contract)])
        const encoder = await registry.encoder(subjectOf(outputTopic), pseudonymisedSchema(contract))
        const pipeline = deidentifyPipeline({ contract, decoder, encoder, pseudonymiser: level1, tokenSecret })
        return [
          topicOf(namespace, 'identified', contract.feed),
          { feed: contract.feed, outputTopic, pipeline, decoder },
        ]
      }),
    ),
    producer.connect(),
  ])
  const workOf = new Map(works)
  const handle = deidentifyBatch({ producer, markerEncoder, events: workerEvents('deidentify', metrics) })
  consumer = await startConsumer({
    kafka,
    groupId: `${namespace}deidentify`,
    topics: [...workOf.keys()],
    logger,
    concurrency: CONCURRENCY,
    minBytes: 1,
    maxWaitMs: 100,
    async onBatch(batch) {
      const work = workOf.get(batch.topic)
      if (work) await handle(work, batch)
    },
    onAssigned: () => alarms.standing().forEach((alarm) => alarms.lift(alarm.id)),
    onStopped(topic, partition, error) {
      logger.error({ event: 'partition-stopped', topic, partition, err: safeError(error) })
      alarms.raise({
        id: `stopped:${topic}:${partition}`,
        code: 'bug',
        feed: workOf.get(topic)?.feed ?? topic,
        partition,
        message:
          'De-identification of this partition stopped on an unknown error; nothing was committed. See the log, then restart deidentify.',
      })
    },
    fail,
  })
  return {
    async stop() {
      await consumer?.stop()
      await producer.disconnect()
      await admin.close()
    },
  }
}
