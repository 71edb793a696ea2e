/** Builds the worker with its dependencies; main.ts reads the environment. */
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { secretsDir } from '#core/config/read.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { topicOf } from '#core/contract/names.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { topicIds } from '#core/kafka/topic-ids.ts'
import type { Running } from '#core/process/run-main.ts'
import { redisClient } from '#core/redis/client.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import { startWorker } from '#core/worker/worker.ts'
import type { curateConfig } from './config.ts'
import { checkIndex } from './link/index-check.ts'
import { indexStore } from './link/index-store.ts'
import { connected, linkIndex } from './link/link-index.ts'
import { secondLevelTokens } from './link/tokens.ts'
import { rowBuilder } from './load/rows.ts'
import type { CurateFeed } from './pipeline.ts'
import { backgroundRebuild } from './rebuild/background.ts'
import { validateRecord } from './steps/validate-record.ts'
import { curateWorker } from './worker.ts'

/** @param env of main.ts, for the process that rebuilds the links */
export function startCurate(
  config: ReturnType<typeof curateConfig>,
  env: NodeJS.ProcessEnv,
  logger: Logger,
  fail: (error: unknown) => void,
): Promise<Running> {
  const secret = loadOrCreateSecret(secretsDir('curate', config), 'pseudonym-level2.key')
  const level2 = pseudonymiser(2, secret)
  const secondLevelToken = secondLevelTokens(secret)
  return startWorker(
    {
      service: 'curate',
      // Every batch is a block in up to five tables: at a low rate, the records of this wait share a batch.
      minBytes: 256 * 1024,
      maxWaitMs: config.CHAINON_LOAD_WAIT_MS,
      async setUp({ contracts, registry, kafka, metrics, alarms, events, reach }) {
        const redis = redisClient(config.REDIS_URL, logger, { resend: false })
        const clickhouse = clickhouseClient('curate', config)
        const store = indexStore(redis, config.CHAINON_NAMESPACE)
        const linked = contracts.filter((contract) => contract.linked).map(({ feed }) => feed)
        const rebuild = backgroundRebuild(env, logger)
        const gauge = metrics.gauge('chainon_link_index_ready', '1 when records can be linked, 0 while they wait')
        const linker = linkIndex({
          store,
          check: () => checkIndex(store, clickhouse, linked),
          alarms,
          logger,
          gauge: (ready) => gauge(ready, {}),
          onStale: () => {
            if (config.CHAINON_LINK_REBUILD === 'automatic') rebuild.start()
          },
        })
        await reach('Redis', () => connected(redis))
        await reach('ClickHouse', () => linker.start())
        const ids = await reach('Kafka', () => topicIds(kafka))
        const feedOf = (contract: FeedContract): CurateFeed => ({
          contract,
          decoder: registry.decoder([pseudonymisedSchema(contract), MARKER_SCHEMA]),
          validate: validateRecord(contract),
          rows: rowBuilder(contract, level2),
          level2,
          secondLevelToken,
          linker,
        })
        const freshness = metrics.histogram(
          'chainon_freshness_seconds',
          "From the gateway's receipt to queryable in ClickHouse",
        )
        const handle = curateWorker({
          clickhouse,
          events,
          alarms,
          links: linker,
          freshness: (seconds, feed) => freshness(seconds, { feed }),
          ledgerEnds: (feed, partition) => ledgerEnds(clickhouse, feed, partition),
          topicIds: ids,
          batchMaxRecords: config.CHAINON_BATCH_MAX_RECORDS,
          intentDeadlineMs: config.CHAINON_INTENT_DEADLINE_SECONDS * 1000,
        })
        return {
          topics: new Map(
            contracts
              .map(feedOf)
              .map((feed) => [
                topicOf(config.CHAINON_NAMESPACE, 'pseudonymised', feed.contract.feed),
                { feed: feed.contract.feed, handle: (batch) => handle(feed, batch) },
              ]),
          ),
          async close() {
            linker.stop()
            await rebuild.stop()
            redis.disconnect()
            await ids.close()
            await clickhouse.close()
          },
        }
      },
    },
    config,
    logger,
    fail,
  )
}

async function ledgerEnds(
  clickhouse: ClickHouseClient,
  feed: string,
  partition: number,
): Promise<ReadonlyMap<string, bigint>> {
  const query =
    'SELECT incarnation, toString(max(to_offset)) AS value FROM ledger_batch WHERE feed = {feed:String} AND partition = {partition:UInt32} GROUP BY incarnation'
  const rows = await ask<{ incarnation: string; value: string }>(clickhouse, query, { feed, partition })
  return new Map(rows.map(({ incarnation, value }) => [incarnation, BigInt(value)]))
}

async function ask<Row>(clickhouse: ClickHouseClient, query: string, params: Record<string, unknown>): Promise<Row[]> {
  try {
    const result = await clickhouse.query({ query, query_params: params, format: 'JSONEachRow' })
    return await result.json<Row>()
  } catch (error) {
    throw new ChainonError('dependency-unavailable', 'ClickHouse did not answer at start', { cause: error })
  }
}
