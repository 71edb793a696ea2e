/** Builds the worker with its dependencies; main.ts reads the environment. */
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { checkNamespace } from '#core/clickhouse/log-identity.ts'
import { secretsDir } from '#core/config/read.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { markerSubject, subjectOf, topicOf } from '#core/contract/names.ts'
import { PERSON_LINK_SCHEMA, personLinkSubject } from '#core/contract/person-link.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { fingerprintsOf, fingerprintTopic, readFingerprints } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { assertVersionInForce } from '#core/custody/key-versions.ts'
import { warehouseAgrees } from '#core/custody/warehouse-agrees.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { watchKeys } from '#core/custody/watch-keys.ts'
import { destroyRetiredWraps, openWrap } from '#core/custody/wrap-keys.ts'
import { assertWraps, wrapVersions } from '#core/custody/wrap-versions.ts'
import { commandSecret, registerCommands } from '#core/http/command-door.ts'
import { partitionReader } from '#core/kafka/partition-reader.ts'
import { topicIds } from '#core/kafka/topic-ids.ts'
import type { Running } from '#core/process/run-main.ts'
import { redisClient } from '#core/redis/client.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { startWorker, type TopicWork } from '#core/worker/worker.ts'
import type { curateConfig } from './config.ts'
import { COMMANDS } from './console-commands.ts'
import { checkIndex } from './link/index-check.ts'
import { indexStore } from './link/index-store.ts'
import { connected, linkIndex } from './link/link-index.ts'
import { openTokens } from './link/token-key.ts'
import { layoutOf } from './load/layout.ts'
import { linkLoader } from './load/load-links.ts'
import { rowBuilder } from './load/rows.ts'
import { checkWindows, type TightWindow } from './load/windows.ts'
import type { CurateFeed } from './pipeline.ts'
import { backgroundRebuild } from './rebuild/background.ts'
import { openSecondLevel } from './second-level.ts'
import { validateRecord } from './steps/validate-record.ts'
import { curateWorker } from './worker.ts'

/** Far more than loads at the same time: the partitions that wait for a load are merged into one. */
const PARTITIONS_AT_ONCE = 256

/** @param env of main.ts, for the process that rebuilds the links */
export function startCurate(
  config: ReturnType<typeof curateConfig>,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<Running> {
  const secret = commandSecret(config)
  return startWorker(
    {
      service: 'curate',
      zone: 'pseudonymised',
      concurrency: PARTITIONS_AT_ONCE,
      // Every batch is a block in up to five tables: at a low rate, the records of this wait share a batch.
      minBytes: 256 * 1024,
      maxWaitMs: config.CHAINON_LOAD_WAIT_MS,
      routes: (admin) => registerCommands(admin, { secret, env, now: Date.now, commands: COMMANDS }),
      async setUp({ contracts, registry, kafka, metrics, alarms, events, suspects, reach }) {
        const redis = redisClient(config, logger, { resend: false })
        const clickhouse = clickhouseClient('curate', config)
        const store = indexStore(redis, config.CHAINON_NAMESPACE)
        const linked = contracts.filter((contract) => contract.linked).map(({ feed }) => feed)
        const rebuild = backgroundRebuild(env, logger, (problem) => {
          const id = 'link-rebuild-refused'
          if (problem === undefined) alarms.clear(id)
          else
            alarms.raise({
              id,
              code: id,
              message: `The linkage index was not rebuilt, which is tried again: ${problem}`,
            })
        })
        const gauge = metrics.gauge('chainon_link_index_ready', '1 when records can be linked, 0 while they wait')
        const linker = linkIndex({
          store,
          check: () => checkIndex(store, clickhouse, linked),
          alarms,
          logger,
          gauge(ready) {
            gauge(ready, {})
            // Whichever process has rebuilt it.
            if (ready === 1) alarms.clear('link-rebuild-refused')
          },
          onStale: () => {
            if (config.CHAINON_LINK_REBUILD === 'automatic') rebuild.start()
          },
        })
        await reach('Redis', () => connected(redis))
        await reach('ClickHouse', () => checkNamespace(clickhouse, config.CHAINON_NAMESPACE))
        const register = warehouseRegister(clickhouse)
        const secrets = secretsDir('curate', config)
        const box = await reach('the key provider', () => openSecretBox(config, secrets))
        const { version, level2, secondLevelToken } = await reach('ClickHouse', () =>
          openSecondLevel(secrets, register, box),
        )
        const fingerprints = await reach('Kafka', () => readFingerprints(kafka, config.CHAINON_NAMESPACE))
        const { wrap, tokens: tokenWrap, held } = await openWrap({ folder: secrets, box }, fingerprints)
        destroyRetiredWraps(secrets, fingerprints, logger)
        const assertKeyInForce = () => assertVersionInForce(register, version)
        const ownTopics = partitionReader(kafka)
        const assertKeys = async () => {
          await assertKeyInForce()
          const written = await ownTopics.all(fingerprintTopic(config.CHAINON_NAMESPACE), 0)
          assertWraps(wrapVersions(fingerprintsOf(written).keys()), held)
        }
        const tokenSecrets = { dir: secrets, register, box }
        const tokens = await openTokens(kafka, config.CHAINON_NAMESPACE, tokenSecrets, {
          wrap: tokenWrap,
          reach,
          logger,
        })
        await reach('ClickHouse', () => warehouseAgrees(fingerprints, register))
        await reach('ClickHouse', () => linker.start())
        const ids = await reach('Kafka', () => topicIds(kafka))
        const feedOf = (contract: FeedContract): CurateFeed => ({
          contract,
          decoder: registry.decoder(
            [pseudonymisedSchema(contract), MARKER_SCHEMA],
            [
              subjectOf(topicOf(config.CHAINON_NAMESPACE, 'pseudonymised', contract.feed)),
              markerSubject(config.CHAINON_NAMESPACE),
            ],
          ),
          wrap,
          tokens: contract.linked ? tokens : undefined,
          validate: validateRecord(contract),
          layout: layoutOf(contract, version),
          rows: rowBuilder(contract, level2),
          level2,
          secondLevelToken,
          linker,
        })
        const intentDeadlineMs = config.CHAINON_INTENT_DEADLINE_SECONDS * 1000
        const watchWindows = async () => {
          const feeds = contracts.map(({ feed }) => feed)
          const look = async () =>
            raiseTightWindows(
              alarms,
              await checkWindows(clickhouse, config.CLICKHOUSE_DATABASE, feeds, intentDeadlineMs),
            )
          await reach('ClickHouse', look)
          return setInterval(() => {
            look().catch((error: unknown) => logger.warn({ event: 'windows-unknown', err: safeError(error) }))
          }, WINDOWS_EVERY_MS).unref()
        }
        const freshness = metrics.histogram(
          'chainon_freshness_seconds',
          "From the gateway's receipt to queryable in ClickHouse",
        )
        const windowsTimer = await watchWindows()
        const handle = curateWorker({
          clickhouse,
          events,
          alarms,
          links: linker,
          suspects,
          freshness: (seconds, feed) => freshness(seconds, { feed }),
          topicIds: ids,
          assertKeyInForce,
          batchMaxRecords: config.CHAINON_BATCH_MAX_RECORDS,
          intentDeadlineMs,
        })
        const loadLinks = linkLoader({
          clickhouse,
          decoder: registry.decoder([PERSON_LINK_SCHEMA], [personLinkSubject(config.CHAINON_NAMESPACE)]),
          level2,
          wrap,
          events,
          assertKeyInForce,
        })
        const keyTimer = watchKeys(assertKeys, logger)
        // A name of their own: what stops or counts them is not of the feed's records.
        const links = linked.map((feed): [string, TopicWork] => [
          topicOf(config.CHAINON_NAMESPACE, 'linked', feed),
          { feed: `linked.${feed}`, handle: (batch) => loadLinks(`linked.${feed}`, batch) },
        ])
        return {
          topics: new Map([
            ...contracts
              .map(feedOf)
              .map((feed): [string, TopicWork] => [
                topicOf(config.CHAINON_NAMESPACE, 'pseudonymised', feed.contract.feed),
                { feed: feed.contract.feed, handle: (batch) => handle(feed, batch) },
              ]),
            ...links,
          ]),
          async close() {
            linker.stop()
            await rebuild.stop()
            clearInterval(windowsTimer)
            clearInterval(keyTimer)
            redis.disconnect()
            await ids.close()
            await ownTopics.close()
            await clickhouse.close()
          },
        }
      },
    },
    config,
    logger,
  )
}

const WINDOWS_EVERY_MS = 60_000
/** One alarm while any window is too short. */
function raiseTightWindows(alarms: Alarms, tight: readonly TightWindow[]): void {
  const id = 'deduplication-window'
  if (tight.length === 0) return alarms.clear(id)
  const tables = tight.map(({ table, window, blocks }) => `${table} (${blocks} of ${window} blocks)`)
  alarms.raise({
    id,
    code: 'deduplication-window',
    message: `Within one CHAINON_INTENT_DEADLINE_SECONDS more than half of a deduplication window is used: ${tables.join(', ')}. Raise the window of the table, or lower the deadline.`,
  })
  return undefined
}
