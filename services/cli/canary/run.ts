/** `chainon canary` from start to end, on an installation that runs. A file of its own, so that `chainon --help` does not load the clients. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { CLICKHOUSE_KEYS, type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { quote } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { REDIS_KEYS, redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { VERSION } from '#core/version.ts'
import { inventor } from './invent.ts'
import type { MllpListener } from './mllp.ts'
import { type OwnKey, ownKey } from './own-key.ts'
import { searchClickhouse } from './places/clickhouse.ts'
import { markKafka, searchKafka } from './places/kafka.ts'
import { adminPages, consolePages, followEvents, gatewayPages, searchPages, searchRegistry } from './places/pages.ts'
import { searchRedis } from './places/redis.ts'
import { type CanaryReport, channelsOf, hitsOf, REPORT_FORMAT } from './report.ts'
import { scannerFor } from './scanner.ts'
import { type PlaceReport, Search } from './search.ts'
import { type Outcome, type Plan, planOf, sowAll } from './sow.ts'

const WORKERS = ['deidentify', 'linker', 'curate'] as const
const SERVICES = [
  'CHAINON_GATEWAY_ADMIN_URL',
  'CHAINON_DEIDENTIFY_URL',
  'CHAINON_LINKER_URL',
  'CHAINON_CURATE_URL',
  'CHAINON_CONSOLE_ADMIN_URL',
] as const

export interface Wanted {
  readonly seed: string
  /** A key of a producer `canary-…`; without it one is made, and revoked at the end. */
  readonly key: string | undefined
  readonly mllp: MllpListener | undefined
  readonly waitSeconds: number
  /** The whole log and all parts of tables, and not only what was written since the start. */
  readonly everything: boolean
}

export interface Prepared {
  readonly contracts: readonly FeedContract[]
  readonly plan: Plan
  readonly config: ReturnType<typeof configOf>
  /** Environment of the command, as `resolveEnvironment` gives it. */
  readonly environment: NodeJS.ProcessEnv
}

/** Makes the plan; nothing is sent and nothing is read but the contracts. */
export function prepare(environment: NodeJS.ProcessEnv, { mllp, seed }: Wanted): Prepared {
  const config = configOf(environment)
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const plan = planOf(contracts, config.CHAINON_FEEDS_DIR, inventor(seed), Date.now(), mllp)
  return { contracts, plan, config, environment }
}

function configOf(environment: NodeJS.ProcessEnv) {
  return readConfig(
    'canary',
    [
      ...KAFKA_KEYS,
      ...CLICKHOUSE_KEYS,
      ...REDIS_KEYS,
      ...SERVICES,
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_GATEWAY_URL',
      'CHAINON_CONSOLE_URL',
      ...REGISTRY_KEYS,
    ],
    environment,
  )
}

/** @returns what of the installation's names says that it is a production; undefined when nothing does */
export function productionName({ config }: Prepared): string | undefined {
  const { CHAINON_NAMESPACE, CLICKHOUSE_DATABASE, CLICKHOUSE_URL, CHAINON_GATEWAY_URL, KAFKA_BROKERS, REDIS_URL } =
    config
  const hosts = [CLICKHOUSE_URL, CHAINON_GATEWAY_URL, REDIS_URL].map((url) => URL.parse(url)?.hostname ?? '')
  return [CHAINON_NAMESPACE, CLICKHOUSE_DATABASE, ...hosts, ...KAFKA_BROKERS].find((name) =>
    /(?:^|[^a-z])(?:prod|prd|live)(?:uction)?\d*(?:[^a-z]|$)/i.test(name),
  )
}

/**
 * @param signal ends it: what was sown is cancelled, and the key revoked
 * @throws ChainonError dependency-unavailable when the gateway does not answer, or the signal's reason
 */
export async function runCanary(
  prepared: Prepared,
  wanted: Wanted,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<CanaryReport> {
  const { config, contracts, environment, plan } = prepared
  const started = new Date()
  const url = config.CHAINON_GATEWAY_URL.replace(/\/$/, '')
  const logger = createLogger('canary', 'fatal')
  const kafka = kafkaClient('canary', config, logger)
  const clickhouse = clickhouseClient('canary', config, 'default', 600_000)
  const redis = redisClient(config, logger, { giveUpAfterMs: 10_000 })
  let own: OwnKey | undefined
  let events: ReturnType<typeof followEvents> | undefined
  try {
    own = await ownKey(url, config.CHAINON_DATA_DIR, wanted.key)
    const { key, producer } = own
    const mark = wanted.everything ? new Map() : await markKafka(kafka)
    say(`sowing ${plan.sown.length} values as ${producer}, seed ${wanted.seed}`)
    events = followEvents(url, key)
    const outcome = await sowAll(plan, contracts, { url, key }, environment, wanted.waitSeconds, say, signal)
    const failures = [
      ...outcome.failures,
      ...(await stillInForce(clickhouse, config.CLICKHOUSE_DATABASE, contracts, producer)),
    ]
    const scanner = scannerFor([...plan.sown.map(({ canary }) => canary), producer])
    const search = () => new Search(scanner, producer)
    const told = await events.stop()
    const since = wanted.everything ? 0 : Math.floor(started.getTime() / 1000) - 1
    const places: PlaceReport[] = []
    const at = async (place: string, work: () => Promise<PlaceReport> | PlaceReport) => {
      signal.throwIfAborted()
      say(`searching ${place}`)
      places.push(await work())
    }
    const groups = WORKERS.map((worker) => `${config.CHAINON_NAMESPACE}${worker}`)
    await at('Kafka', () => searchKafka(kafka, search(), mark, groups, `${config.CHAINON_NAMESPACE}canary-`))
    await at('the registry', () => searchRegistry(config, search()))
    await at('Redis', () => searchRedis(redis, search()))
    await at('ClickHouse', () => searchClickhouse(clickhouse, search(), since))
    await at('answers and pages', async () => {
      const inPages = search()
      inPages.scan('GET /v1/events', told.bytes)
      if (told.why !== undefined) inPages.unread('GET /v1/events', told.why)
      return searchPages(await pagesOf(prepared, url, key, outcome), outcome.answers, inPages)
    })
    await at('files', () => searchFiles(config.CHAINON_DATA_DIR, search()))
    const hits = hitsOf(plan.sown, places)
    return {
      format: REPORT_FORMAT,
      chainon_version: VERSION,
      seed: wanted.seed,
      producer,
      started_at: started.toISOString(),
      finished_at: new Date().toISOString(),
      feeds: contracts.map(({ feed }) => feed),
      channels: channelsOf(plan.sown, plan.requests).map((one) => ({
        ...one,
        found: hits.filter(({ channel }) => channel === one.channel).length,
      })),
      places: places.map(({ hits: inPlace, ...place }) => ({ ...place, found: inPlace.length })),
      hits,
      not_sown: plan.notSown,
      failures,
    }
  } finally {
    own?.revoke()
    await events?.stop()
    redis.disconnect()
    await clickhouse.close()
  }
}

async function pagesOf({ config }: Prepared, url: string, key: string, { receipts }: Outcome) {
  const secrets = join(config.CHAINON_DATA_DIR, 'secrets', 'console')
  return [
    ...adminPages(SERVICES.map((name) => config[name].replace(/\/$/, ''))),
    ...(await consolePages(config.CHAINON_CONSOLE_URL.replace(/\/$/, ''), secrets)),
    ...gatewayPages(url, key, receipts),
  ]
}

/** The data folder of this machine: logs, and what its components have written. */
function searchFiles(folder: string, search: Search): PlaceReport {
  const files = existsSync(folder) ? search.folder(folder, () => false) : 0
  if (files === 0) search.unread(folder, 'there is no such folder: logs and files of other machines are not searched')
  return search.report('files', `${files} files below ${folder}`, files > 0)
}

/** @returns the feeds in whose view a record of the producer is */
async function stillInForce(
  clickhouse: ClickHouseClient,
  database: string,
  contracts: readonly FeedContract[],
  producer: string,
): Promise<readonly string[]> {
  const left: string[] = []
  for (const { feed } of contracts) {
    try {
      const query = `SELECT count() AS rows FROM ${quote(database)}.${quote(feed)} WHERE _producer = {producer:String}`
      const answer = await clickhouse.query({ query, query_params: { producer }, format: 'JSONEachRow' })
      const [row] = await answer.json<{ rows: string }>()
      if (Number(row?.rows) > 0) left.push(`${feed}: ${row?.rows} records of the canaries are still in force`)
    } catch {
      left.push(`${feed}: it cannot be read whether its records are cancelled`)
    }
  }
  return left
}

/** @returns the hexadecimal SHA-256 of a report as it is written */
export const reportHash = (text: string) => createHash('sha256').update(text).digest('hex')
