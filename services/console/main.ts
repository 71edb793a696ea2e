/** The operator's live page. It reads Kafka's offsets, ClickHouse's counts and the services' metrics, and holds no secret. */
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { loadContracts } from '#core/contract/load.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { readLedger } from '#core/ledger/ledger.ts'
import { runMain } from '#core/process/run-main.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildApp } from './app.ts'
import { lastingAdmin } from './collectors/kafka-admin.ts'
import { readLags } from './collectors/lag.ts'
import { watchParts } from './collectors/parts-watch.ts'
import { createProbes } from './collectors/probes.ts'
import { readRuleTables } from './collectors/rules.ts'
import { startStation } from './collectors/station.ts'
import { consoleConfig } from './config.ts'
import { loadPage } from './routes/page.ts'

const KAFKA_TIMEOUT_MS = 8_000

runMain('console', process.env, async (logger) => {
  const config = consoleConfig(process.env)
  const feeds = loadContracts(config.CHAINON_FEEDS_DIR).map(({ feed }) => feed)
  const metrics = createMetrics('console')
  const alarms = createAlarms()
  const kafka = kafkaClient('console', config, logger)
  const clickhouse = clickhouseClient('console', config)
  const namespace = config.CHAINON_NAMESPACE
  const ledgerAdmin = lastingAdmin(kafka)
  const lagAdmin = lastingAdmin(kafka)
  const page = loadPage()
  const services = {
    gateway: config.CHAINON_GATEWAY_URL,
    deidentify: config.CHAINON_DEIDENTIFY_URL,
    curate: config.CHAINON_CURATE_URL,
  }
  const station = startStation({
    services,
    readLedger: () => ledgerAdmin.use((admin) => readLedger({ admin, clickhouse, namespace, feeds }), KAFKA_TIMEOUT_MS),
    readLags: () => lagAdmin.use((admin) => readLags(admin, namespace, feeds), KAFKA_TIMEOUT_MS),
    readRules: () => readRuleTables(clickhouse),
    parts: watchParts({
      stateFile: config.CHAINON_SUPERVISOR_STATE_FILE,
      probes: createProbes(config, kafka, clickhouse),
      urls: {
        kafka: config.KAFKA_BROKERS.join(','),
        registry: config.SCHEMA_REGISTRY_URL,
        redis: config.REDIS_URL,
        clickhouse: config.CLICKHOUSE_URL,
        console: `http://${config.CHAINON_HTTP_HOST}:${config.CHAINON_HTTP_PORT}`,
        ...services,
      },
    }),
    alarms,
    logger,
    version: page.version,
  })
  // Healthy whatever is down around it: to say what is down is its work.
  const app = buildApp({ station, page, metrics, alarms, healthy: () => true })
  await app.listen({ host: config.CHAINON_HTTP_HOST, port: config.CHAINON_HTTP_PORT })
  return {
    async stop() {
      await app.close()
      await station.stop()
      await Promise.all([ledgerAdmin.close(), lagAdmin.close(), clickhouse.close()])
    },
  }
})
