/** The gateway as a process: reads the environment, connects, listens, and after a signal finishes the requests under way. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { avroRegistry } from '#core/avro/registry.ts'
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { deriveKey, hmacSha256 } from '#core/crypto/hmac.ts'
import { kafkaRegister, routingTopic } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { listen } from '#core/http/listen.ts'
import { httpSettings } from '#core/http/settings.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import { serviceJournal } from '#core/journal/service-journal.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { seeLeaderless } from '#core/kafka/leaderless.ts'
import { topicExtent } from '#core/kafka/offsets.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { reconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { openKeyStore } from '#core/keys/store.ts'
import { recordKeyUse } from '#core/keys/use.ts'
import { objectStore } from '#core/objects/open.ts'
import { runMain } from '#core/process/run-main.ts'
import { redisClient } from '#core/redis/client.ts'
import { watchRetention } from '#core/retention/watch.ts'
import { readAnnouncements } from '#core/sealing/announcements.ts'
import { adminServer } from '#core/telemetry/admin-server.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { safeError } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildGateway } from './app.ts'
import { gatewayConfig, gatewayLimits, hl7Settings } from './config.ts'
import { failureStore } from './failures/store.ts'
import { gatewayHealth } from './health.ts'
import { withClientCertificates } from './http/client-certificates.ts'
import { idempotencyStore } from './ingest/idempotency.ts'
import { quotaStore } from './ingest/quotas.ts'
import { stampClock } from './ingest/stamp.ts'
import { watchLeaders } from './log/leaders.ts'
import { logProducer } from './log/producer.ts'
import { openRecordLog } from './log/record-log.ts'
import { openRoutingKey } from './log/routing-key.ts'
import { routingKeyGate } from './log/routing-key-gate.ts'
import { watchUnavailable } from './log/unavailable.ts'
import type { Mllp } from './mllp/listen.ts'
import { readListeners } from './mllp/listeners-file.ts'
import { insertReceipts, isUnreadable } from './receipts/insert.ts'
import { receiptStore } from './receipts/lookup.ts'
import { openSpool } from './receipts/spool.ts'
import { watchTopicIds } from './receipts/topic-ids.ts'
import { watchDayKeys } from './seal/day-key-watch.ts'
import { openTokens } from './tokens/open.ts'
import { tokenSettings } from './tokens/settings.ts'

/** A question about a receipt is answered 503 after this. */
const CLICKHOUSE_TIMEOUT_MS = 6000
/** Receipts that wait on the disk while ClickHouse is away: those of some ten million records. */
const RECEIPT_SPOOL_BYTES = 256 * 1024 * 1024
const DAY_MS = 86_400_000

/** Whether there are records is asked once, where there is no routing key. */
const KAFKA_TIMEOUT_MS = 5000

/** Commands to Redis fail after this; a request is then accepted without it. */
const REDIS_TIMEOUT_MS = 2000

runMain('gateway', process.env, async (logger) => {
  const config = gatewayConfig(process.env)
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const alarms = createAlarms()
  const secrets = secretsDir('gateway', config)
  const keys = openKeyStore(
    config.CHAINON_DATA_DIR,
    (error) => {
      logger.error({ event: 'keys-damaged', err: safeError(error) })
      alarms.raise({
        id: 'gateway-keys',
        code: 'keys-damaged',
        message:
          'The files of API keys cannot be read: the keys read before stay in force, without those that are revoked',
      })
    },
    () => {
      logger.info({ event: 'keys-readable' })
      alarms.clear('gateway-keys')
    },
  )
  const issued = await openTokens(tokenSettings(config), keys, alarms, logger)
  const keyUse = recordKeyUse(config.CHAINON_DATA_DIR, (error) =>
    logger.warn({ event: 'key-use-not-written', err: safeError(error) }),
  )
  const kafka = kafkaClient('gateway', config, logger)
  const metrics = createMetrics('gateway')
  const journal = serviceJournal({
    service: 'gateway',
    dataDir: config.CHAINON_DATA_DIR,
    secretsDir: secrets,
    namespace: config.CHAINON_NAMESPACE,
    kafka,
    alarms,
    metrics,
    logger,
  })
  const uses = hourlyCounts(journal)
  const topics = new Map(contracts.map(({ feed }) => [topicOf(config.CHAINON_NAMESPACE, 'identified', feed), feed]))
  seeLeaderless(kafka)
  const leadersAdmin = reconnectingAdmin(kafka)
  const admin = reconnectingAdmin(kafka)
  const hasRecords = async (client: Admin) => {
    const extents = await Promise.all([...topics.keys()].map((topic) => topicExtent(client, topic)))
    return extents.flat().some(({ high }) => high > 0n)
  }
  const registrar = orderedProducer(kafka, logger)
  const key = await openRoutingKey({
    dir: secrets,
    box: await openSecretBox(config, secrets),
    register: kafkaRegister(kafka, registrar, config.CHAINON_NAMESPACE, routingTopic(config.CHAINON_NAMESPACE)),
    hasRecords: () =>
      admin.use(hasRecords, KAFKA_TIMEOUT_MS).catch((cause: unknown) => {
        const why = 'Kafka does not say whether records were accepted before'
        throw new ChainonError('dependency-unavailable', why, { cause })
      }),
  })
  const routingKey = routingKeyGate({
    async compare() {
      try {
        await key.compare()
      } finally {
        await registrar.disconnect()
      }
    },
    alarms,
    logger,
    fail(error) {
      setImmediate(() => {
        throw error
      })
    },
  })
  const leaders = watchLeaders(leadersAdmin, [...topics.keys()], logger)
  const unavailable = watchUnavailable(leaders, topics, alarms, metrics)
  const log = openRecordLog({
    openProducer: () => routingKey.behind(logProducer(kafka)),
    leaders,
    unavailable,
    logger,
    onDown(error) {
      logger.warn({ event: 'kafka-down', err: safeError(error) })
      alarms.raise({
        id: 'gateway-kafka',
        code: 'dependency-unavailable',
        message: 'Kafka, or one of its brokers, does not acknowledge: its records are answered 503',
      })
    },
    onUp() {
      logger.info({ event: 'kafka-up' })
      alarms.clear('gateway-kafka')
    },
  })
  const redis = redisClient(config, logger, {
    giveUpAfterMs: REDIS_TIMEOUT_MS,
    onUnreachable() {
      alarms.raise({
        id: 'gateway-redis',
        code: 'dependency-unavailable',
        message: 'Redis does not answer: records are taken, idempotency keys are not compared and quotas not counted',
      })
    },
    onReady: () => alarms.clear('gateway-redis'),
  })
  const retention = watchRetention({
    admin,
    namespace: config.CHAINON_NAMESPACE,
    feeds: contracts.map(({ feed }) => feed),
    alarms,
    metrics,
    limit: config.CHAINON_BACKLOG_LIMIT_PERCENT / 100,
  })
  const clickhouse = clickhouseClient('gateway', config, undefined, CLICKHOUSE_TIMEOUT_MS)
  const spool = openSpool({
    folder: join(config.CHAINON_DATA_DIR, 'receipts'),
    insert: (lines, token) => insertReceipts(clickhouse, lines, token),
    isUnreadable,
    alarms,
    metrics,
    logger,
    maxBytes: RECEIPT_SPOOL_BYTES,
  })
  const ids = watchTopicIds(
    kafka,
    config.CHAINON_NAMESPACE,
    contracts.map(({ feed }) => feed),
    logger,
  )
  const dayKeys = watchDayKeys({
    read: () => readAnnouncements(kafka, config.CHAINON_NAMESPACE),
    namespace: config.CHAINON_NAMESPACE,
    pinFile: join(secrets, 'sealing-authority.pub'),
    keptFile: join(secrets, 'sealing-keys.ndjson'),
    alarms,
    logger,
    now: Date.now,
  })
  const inRedis = hmacSha256(deriveKey(key.secret, 'chainon/gateway/idempotency'))
  let mllp: Pick<Mllp, 'health'> | undefined
  const health = () => gatewayHealth(unavailable, mllp?.health())
  const { http, admin: adminSettings } = httpSettings(config)
  const app = await buildGateway({
    http: withClientCertificates(http, config),
    hl7: hl7Settings(config),
    mllp: readListeners(config.CHAINON_MLLP_FILE),
    onMllp(started) {
      mllp = started
    },
    health,
    contracts,
    namespace: config.CHAINON_NAMESPACE,
    registry: avroRegistry(config),
    keys,
    tokens: issued.tokens,
    keyUse,
    journal,
    uses,
    pause: (ms) => sleep(ms),
    log,
    dayKeys,
    idempotency: idempotencyStore(redis, config.CHAINON_NAMESPACE, config.CHAINON_IDEMPOTENCY_HOURS, inRedis),
    quotas: quotaStore(redis, config.CHAINON_NAMESPACE, config.CHAINON_QUOTA_WINDOW_SECONDS, inRedis),
    receipts: {
      spool,
      store: receiptStore(clickhouse),
      topicIds: ids,
      keptMs: config.CHAINON_RECEIPT_DAYS * DAY_MS,
    },
    objects: await objectStore(config),
    failures: failureStore(clickhouse),
    retention,
    routing: hmacSha256(key.secret),
    stamp: stampClock(Date.now),
    metrics,
    logger,
    limits: gatewayLimits(config),
  })
  await ids.ready()
  await routingKey.atStart()
  const adminEndpoint = adminServer({ metrics, alarms, health }, adminSettings)
  logger.info({ event: 'listening', ...(await listen(app, adminEndpoint, config)) })
  return {
    async stop() {
      await Promise.all([app.close(), adminEndpoint.close()])
      dayKeys.stop()
      issued.stop()
      routingKey.stop()
      await Promise.all([uses.stop(), keyUse.stop()])
      await journal.stop()
      await Promise.all([retention.stop(), leaders.stop()])
      await Promise.all([log.stop(), admin.close(), leadersAdmin.close(), ids.stop()])
      await spool.stop()
      await clickhouse.close()
      redis.disconnect()
    },
  }
})
