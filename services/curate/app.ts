/** Builds the worker from its parts; main.ts reads the environment and listens. */
import { avroRegistry } from '#core/avro/registry.ts'
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { secretsDir } from '#core/config/read.ts'
import { MARKER_SCHEMA, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import type { Running } from '#core/process/run-main.ts'
import { redisClient } from '#core/redis/client.ts'
import { adminServer } from '#core/telemetry/admin-server.ts'
import { type Alarms, createAlarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { type PartitionConsumer, startConsumer } from '#core/worker/consumer.ts'
import { workerEvents } from '#core/worker/events.ts'
import type { curateConfig } from './config.ts'
import { createLinker, type Linker } from './link/linker.ts'
import { secondLevelTokens } from './link/tokens.ts'
import { rowBuilder } from './load/rows.ts'
import type { FeedParts } from './pipeline.ts'
import { validator } from './validate/validate.ts'
import { curateWorker } from './worker.ts'

/** Partitions handled side by side: while one waits for an insert another computes. */
const CONCURRENCY = 4

export async function startCurate(
  config: ReturnType<typeof curateConfig>,
  logger: Logger,
  fail: (error: unknown) => void,
): Promise<Running> {
  const metrics = createMetrics('curate')
  const alarms = createAlarms()
  let consumer: PartitionConsumer | undefined
  const admin = adminServer({ metrics, alarms, healthy: () => consumer?.joined() ?? false })
  await admin.listen({ host: config.CHAINON_HTTP_HOST, port: config.CHAINON_HTTP_PORT })

  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const secret = loadOrCreateSecret(secretsDir('curate', config), 'pseudonym-level2.key')
  const level2 = pseudonymiser(2, secret)
  const namespace = config.CHAINON_NAMESPACE
  const registry = avroRegistry(config)
  const redis = redisClient(config.REDIS_URL, logger)
  const clickhouse = clickhouseClient('curate', config)
  const linker = createLinker(redis, namespace)
  await resumeLinks(linker, clickhouse, alarms)

  const feeds = new Map(
    contracts.map((contract): [string, FeedParts] => [
      topicOf(namespace, 'pseudonymised', contract.feed),
      {
        contract,
        decoder: registry.decoder([pseudonymisedSchema(contract), MARKER_SCHEMA]),
        validate: validator(contract),
        rows: rowBuilder(contract, level2),
        level2,
        secondLevelToken: secondLevelTokens(secret),
        linker,
      },
    ]),
  )
  const freshness = metrics.histogram(
    'chainon_freshness_seconds',
    "From the gateway's receipt to queryable in ClickHouse",
  )
  const handle = curateWorker({
    clickhouse,
    events: workerEvents('curate', metrics),
    alarms,
    freshness: (seconds, feed) => freshness(seconds, { feed }),
    ledgerReach: (feed, partition) => ledgerReach(clickhouse, feed, partition),
    batchMaxRecords: config.CHAINON_BATCH_MAX_RECORDS,
    intentDeadlineMs: config.CHAINON_INTENT_DEADLINE_SECONDS * 1000,
  })
  consumer = await startConsumer({
    kafka: kafkaClient('curate', config, logger),
    groupId: `${namespace}curate`,
    topics: [...feeds.keys()],
    logger,
    concurrency: CONCURRENCY,
    // Every batch is a block in up to five tables: at a low rate, half a second's records share one.
    minBytes: 256 * 1024,
    maxWaitMs: 500,
    async onBatch(batch) {
      const feed = feeds.get(batch.topic)
      if (feed) await handle(feed, batch)
    },
    onAssigned() {
      for (const alarm of alarms.standing()) if (alarm.partition !== undefined) alarms.lift(alarm.id)
    },
    onStopped(topic, partition, error) {
      logger.error({ event: 'partition-stopped', topic, partition, err: safeError(error) })
      alarms.raise({
        id: `stopped:${topic}:${partition}`,
        code: 'bug',
        feed: feeds.get(topic)?.contract.feed ?? topic,
        partition,
        message:
          'Loading of this partition stopped on an unknown error; nothing was committed. See the log, then restart curate.',
      })
    },
    fail,
  })
  return {
    async stop() {
      await consumer?.stop()
      redis.disconnect()
      await clickhouse.close()
      await admin.close()
    },
  }
}

/** Link versions must go on rising even if Redis lost them, and a lost index must not pass unseen. */
async function resumeLinks(linker: Linker, clickhouse: ClickHouseClient, alarms: Alarms): Promise<void> {
  const highest = Number(await scalar(clickhouse, 'SELECT toString(max(link_version)) AS value FROM person_link', {}))
  const { empty } = await linker.resume(highest)
  if (empty && highest > 0) {
    alarms.raise({
      id: 'link-index-lost',
      code: 'link-index-lost',
      message:
        'The linkage index in Redis is empty although ClickHouse holds links: new records are not linked to earlier patients. Restore Redis from its append-only file.',
    })
  }
}

async function ledgerReach(clickhouse: ClickHouseClient, feed: string, partition: number): Promise<bigint> {
  const query =
    'SELECT toString(max(to_offset)) AS value FROM ledger_batch WHERE feed = {feed:String} AND partition = {partition:UInt32}'
  return BigInt(await scalar(clickhouse, query, { feed, partition }))
}

async function scalar(clickhouse: ClickHouseClient, query: string, params: Record<string, unknown>): Promise<string> {
  try {
    const result = await clickhouse.query({ query, query_params: params, format: 'JSONEachRow' })
    const [row] = await result.json<{ value: string }>()
    return row?.value ?? '0'
  } catch (error) {
    throw new ChainonError('dependency-unavailable', 'ClickHouse did not answer at start', { cause: error })
  }
}
