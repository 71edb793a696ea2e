/** The operator's live page. It reads Kafka's offsets, ClickHouse's counts and the services' metrics. Its secret is the operator's password. */
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { commandSecret } from '#core/http/command-door.ts'
import { listen } from '#core/http/listen.ts'
import { httpSettings } from '#core/http/settings.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import { serviceJournal } from '#core/journal/service-journal.ts'
import { kafkaClient } from '#core/kafka/client.ts'
import { reconnectingAdmin } from '#core/kafka/reconnecting-admin.ts'
import { listFindings } from '#core/ledger/findings.ts'
import { readLedger } from '#core/ledger/ledger.ts'
import { reviewLog } from '#core/linkage/review/review-log.ts'
import { runMain } from '#core/process/run-main.ts'
import { watchRetention } from '#core/retention/watch.ts'
import { adminServer } from '#core/telemetry/admin-server.ts'
import { createAlarms } from '#core/telemetry/alarms.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildApp } from './app.ts'
import { watchComponents } from './collectors/component-watch.ts'
import { readFailureTables } from './collectors/failures.ts'
import { watchJournal } from './collectors/journal-table.ts'
import { readLags } from './collectors/lag.ts'
import { watchLogEnds } from './collectors/log-ends.ts'
import { createProbes } from './collectors/probes.ts'
import { startSnapshotPublisher } from './collectors/snapshot-publisher.ts'
import { watchLedger } from './collectors/witness.ts'
import { consoleConfig } from './config.ts'
import { openAccount } from './login/account.ts'
import { openSessions } from './login/sessions.ts'
import { reviewDesk } from './review/desk.ts'
import { linkServices } from './review/link-services.ts'
import { loadPage } from './routes/page.ts'
import { registerSnapshot } from './routes/snapshot.ts'

const KAFKA_TIMEOUT_MS = 8_000

runMain('console', process.env, async (logger) => {
  const config = consoleConfig(process.env)
  const feeds = loadContracts(config.CHAINON_FEEDS_DIR).map(({ feed }) => feed)
  const metrics = createMetrics('console')
  const alarms = createAlarms()
  const kafka = kafkaClient('console', config, logger)
  const clickhouse = clickhouseClient('console', config)
  const namespace = config.CHAINON_NAMESPACE
  const secrets = secretsDir('console', config)
  const { CHAINON_DATA_DIR: dataDir } = config
  const journal = serviceJournal({
    service: 'console',
    dataDir,
    secretsDir: secrets,
    namespace,
    kafka,
    alarms,
    metrics,
    logger,
  })
  const queries = hourlyCounts(journal)
  const journalAdmin = reconnectingAdmin(kafka)
  const journalTable = watchJournal({ kafka, admin: journalAdmin, clickhouse, namespace, journal, alarms, logger })
  const ledgerAdmin = reconnectingAdmin(kafka)
  const lagAdmin = reconnectingAdmin(kafka)
  const retentionAdmin = reconnectingAdmin(kafka)
  // The gateway looks by itself, too: this is for the time when it is down.
  const retention = watchRetention({ admin: retentionAdmin, namespace, feeds, alarms, metrics })
  const witness = watchLedger({ clickhouse, feeds, alarms, logger })
  const logEndsAdmin = reconnectingAdmin(kafka)
  const logEnds = watchLogEnds({ kafka, admin: logEndsAdmin, clickhouse, namespace, feeds, logger })
  const page = loadPage()
  const services = {
    gateway: config.CHAINON_GATEWAY_ADMIN_URL,
    deidentify: config.CHAINON_DEIDENTIFY_URL,
    linker: config.CHAINON_LINKER_URL,
    curate: config.CHAINON_CURATE_URL,
  }
  const publisher = startSnapshotPublisher({
    services,
    gatewayUrl: config.CHAINON_GATEWAY_URL,
    readLedger: () => ledgerAdmin.use((admin) => readLedger({ admin, clickhouse, namespace, feeds }), KAFKA_TIMEOUT_MS),
    readFindings: () => listFindings(clickhouse),
    readLags: () => lagAdmin.use((admin) => readLags(admin, namespace, feeds), KAFKA_TIMEOUT_MS),
    readFailures: () => readFailureTables(clickhouse),
    components: watchComponents({
      stateFile: config.CHAINON_SUPERVISOR_STATE_FILE,
      probes: createProbes(config, kafka, clickhouse, logger),
      urls: {
        kafka: config.KAFKA_BROKERS.join(','),
        registry: config.SCHEMA_REGISTRY_URL,
        redis: config.REDIS_URL,
        clickhouse: config.CLICKHOUSE_URL,
        console: `http://${config.CHAINON_HTTP_HOST}:${config.CHAINON_HTTP_PORT}`,
        ...services,
        gateway: config.CHAINON_GATEWAY_URL,
      },
    }),
    alarms,
    logger,
    version: page.version,
  })
  const { http, admin: adminSettings } = httpSettings(config)
  const account = openAccount(secrets, config.CHAINON_CONSOLE_REVIEWERS)
  const links = linkServices({
    ...{ linker: config.CHAINON_LINKER_URL, curate: config.CHAINON_CURATE_URL },
    ...{ secret: commandSecret(config), now: Date.now },
  })
  const desk = reviewDesk({
    ...{ links, log: reviewLog(dataDir), reviewers: config.CHAINON_LINKAGE_REVIEWERS, journal, logger, now: Date.now },
  })
  const mayReview = (user: string) => config.CHAINON_CONSOLE_REVIEWERS.includes(user)
  const sessions = openSessions(secrets, Date.now)
  // The console is healthy also when others are down: its purpose is to show which.
  const health = () => ({ status: 'ok' as const })
  const app = await buildApp({
    ...{ publisher, page, http, health, account, sessions, journal, queries, logger, metrics },
    ...{ desk, links, mayReview },
  })
  const admin = adminServer({ metrics, alarms, health }, adminSettings)
  // For scripts of this machine, as /metrics.
  registerSnapshot(admin, publisher)
  logger.info({ event: 'listening', ...(await listen(app, admin, config)) })
  return {
    async stop() {
      await Promise.all([app.close(), admin.close()])
      await Promise.all([publisher.stop(), witness.stop(), retention.stop(), logEnds.stop(), journalTable.stop()])
      await desk.stop()
      await queries.stop()
      await journal.stop()
      await Promise.all(
        [journalAdmin, ledgerAdmin, lagAdmin, retentionAdmin, logEndsAdmin, clickhouse].map((one) => one.close()),
      )
    },
  }
})
