/** Bytes and processor time of one record at each stage: simulated records through all services. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { readLedger } from '#core/ledger/ledger.ts'
import { usageOf } from '#core/process/usage.ts'
import { REDIS_KEYS, redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import type { Stack } from '../../deploy/local/stack.ts'
import { runOnce, type Service, startService } from '../processes.ts'
import { sendFolder } from '../send.ts'

const COMPONENTS = ['kafka', 'redis', 'clickhouse'] as const

export async function measurePath(
  stack: Stack,
  env: NodeJS.ProcessEnv,
  folder: string,
  records: number,
): Promise<Record<string, unknown>> {
  const config = readConfig('loadtest', [...KAFKA_KEYS, ...CLICKHOUSE_KEYS, 'CHAINON_FEEDS_DIR', ...REDIS_KEYS], env)
  const kafka = kafkaClient('loadtest', config, createLogger('loadtest', 'error'))
  const clickhouse = clickhouseClient('loadtest', config)
  const redis = redisClient(config, createLogger('loadtest', 'error'))
  const feeds = loadContracts(config.CHAINON_FEEDS_DIR).map(({ feed }) => feed)
  const { into, keys } = await simulated(env, folder, records)
  const memory = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
  const memoryBefore = await memory()
  const services: Service[] = []
  try {
    for (const name of ['gateway', 'deidentify', 'curate'] as const)
      services.push(await startService(name, { ...env, ...stack.login(name) }, folder))
    const pids = new Map<string, number>([
      ...services.map(({ name, pid }): [string, number] => [name, pid]),
      ...COMPONENTS.map((name): [string, number] => [name, stack.pid(name)]),
    ])
    const cpu = () => new Map([...pids].map(([name, pid]) => [name, usageOf(pid)?.cpu ?? 0]))
    const before = cpu()
    const started = performance.now()
    const gateway = services[0]?.url ?? ''
    const { accepted } = await sendFolder(into, gateway, keys, () => undefined)
    const loaded = () =>
      withAdmin(kafka, async (admin) =>
        (await readLedger({ admin, clickhouse, namespace: '', feeds })).reduce(
          (sum, row) => sum + row.loaded + row.quarantined + row.rejected,
          0,
        ),
      )
    while ((await loaded()) < accepted) await sleep(500)
    const seconds = (performance.now() - started) / 1000
    const after = cpu()
    const rows = async (query: string) => (await clickhouse.query({ query, format: 'JSONEachRow' })).json()
    const [counted] = (await rows('SELECT uniqExact(patient_id) AS patients FROM person_link')) as {
      patients: string
    }[]
    const linked = Number(counted?.patients)
    const indexBytes = (await memory()) - memoryBefore
    // Merged to one part each, as a table of some age is.
    for (const { table } of (await rows(
      'SELECT table FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table',
    )) as { table: string }[])
      await clickhouse.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
    return {
      records: accepted,
      patients_of_producers: linked,
      records_per_second_end_to_end: Math.round(accepted / seconds),
      cpu_microseconds_per_record: Object.fromEntries(
        [...after].map(([name, used]) => [name, Math.round(((used - (before.get(name) ?? 0)) / accepted) * 1e6)]),
      ),
      kafka_bytes_per_record: {
        identified: Math.round(topicBytes(stack, 'identified.') / accepted),
        pseudonymised: Math.round(topicBytes(stack, 'pseudonymised.') / accepted),
      },
      redis: { bytes_per_patient_of_a_producer: Math.round(indexBytes / linked), bytes: indexBytes },
      batches: await rows(
        'SELECT count() AS batches, round(avg(to_offset - from_offset)) AS records_per_batch FROM ledger_batch',
      ),
      clickhouse_bytes_per_row: await rows(
        `SELECT table, sum(rows) AS stored, round(sum(data_compressed_bytes) / sum(rows), 1) AS compressed,
                round(sum(data_uncompressed_bytes) / sum(rows), 1) AS uncompressed
         FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table`,
      ),
    }
  } finally {
    for (const service of services.toReversed()) await service.stop()
    redis.disconnect()
    await clickhouse.close()
  }
}

/** @returns the folder of the simulated files, and the API key of each producer */
export async function simulated(
  env: NodeJS.ProcessEnv,
  folder: string,
  records: number,
): Promise<{ readonly into: string; readonly keys: ReadonlyMap<string, string> }> {
  const into = join(folder, `simulated-${records}`)
  const patients = Math.max(200, Math.round(records / 12))
  await runOnce(
    [
      ...['services/synthetic/main.ts', 'simulate', '--hospitals', '3', '--patients', String(patients), '--rate', '0'],
      ...['--records', String(records), '--seed', '1', '--out', into, '--truth', `${into}.truth`],
    ],
    env,
  )
  const ensured = await runOnce(['services/cli/chainon.mjs', 'keys', 'ensure', '--json', ...readdirSync(into)], env)
  const rows = JSON.parse(ensured) as { producer: string; key: string }[]
  return { into, keys: new Map(rows.map(({ producer, key }) => [producer, key])) }
}

/** Bytes of the segments of a topic's partitions, without their indexes. */
function topicBytes(stack: Stack, prefix: string): number {
  const log = join(stack.env.CHAINON_DATA_DIR ?? '', 'kafka', 'log')
  return readdirSync(log)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => readdirSync(join(log, name)).map((file) => join(log, name, file)))
    .filter((file) => file.endsWith('.log'))
    .reduce((sum, file) => sum + statSync(file).size, 0)
}
