/**
 * `npm run loadtest:gateway`: what the gateway alone takes by format, durable in Kafka, beside a bare producer of the same run; then its memory
 * while four times what it may hold is offered. Exits with 1 when Kafka has another number of records than was accepted.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { topicExtent } from '#core/kafka/offsets.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { table } from '#core/terminal/table.ts'
import { startStack } from '../../deploy/local/stack.ts'
import { measureFloors } from '../floors.ts'
import { machine } from '../machine.ts'
import { freePort, makeKeys, runOnce, type Service, startService } from '../processes.ts'
import { FORMATS, type Format } from './bodies.ts'
import { mllpRate, overload, type Rate, rateOf, type Target } from './measure.ts'
import { OVERLOAD_FORMATS } from './overload-bodies.ts'

const { values: flags } = parseArgs({
  options: {
    share: { type: 'string', default: '1' },
    'overload-only': { type: 'boolean', default: false },
    overload: { type: 'string', multiple: true },
    out: { type: 'string', default: join(import.meta.dirname, '../results') },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  process.stdout.write(
    'npm run loadtest:gateway -- [--share 1: of the usual number of records] [--overload-only] [--overload FORMAT: only those whose names begin so]... [--out loadtest/results]\n',
  )
  process.exit(0)
}
const PRODUCERS = ['lab-1', 'lab-2', 'lab-3', 'lab-4']
/** What the bodies become. */
const FEEDS = ['observation', 'patient', 'imaging']
const BOUND = 64 * 1024 ** 2
const TIMES = 4
const share = Number(flags.share)
const some = (count: number) => Math.max(1, Math.round(count * share))
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'chainon-load-'))
const services: Service[] = []
const stack = await startStack({
  dataDir: join(folder, 'data'),
  ports: 'auto',
  services: 'none',
  env: process.env,
  say,
})
try {
  const mllpPort = await freePort()
  const mllpFile = join(folder, 'mllp.json')
  const env = {
    ...process.env,
    ...stack.env,
    CHAINON_MLLP_FILE: mllpFile,
    CHAINON_MAX_INFLIGHT_BYTES: String(BOUND),
    CHAINON_PRODUCER_INFLIGHT_BYTES: String(BOUND / 2),
  }
  const config = readConfig('loadtest', [...KAFKA_KEYS, ...CLICKHOUSE_KEYS, 'CHAINON_FEEDS_DIR'], env)
  const contract = loadContracts(config.CHAINON_FEEDS_DIR).find(({ feed }) => feed === 'observation')
  if (!contract) throw new Error('there is no observation contract')
  const kafka = kafkaClient('loadtest', config, createLogger('loadtest', 'error'))
  await runOnce(['services/provision/main.ts'], { ...env, ...stack.login('provision') })
  const keys = (
    JSON.parse(await runOnce(['services/cli/chainon.mjs', 'keys', 'ensure', '--json', ...PRODUCERS], env)) as {
      key: string
    }[]
  ).map(({ key }) => key)
  writeFileSync(join(folder, 'lab.key'), keys[0] ?? '', { mode: 0o600 })
  writeFileSync(
    mllpFile,
    JSON.stringify({
      listeners: [
        { name: 'lab', port: mllpPort, api_key_file: 'lab.key', senders: [{ application: 'LIS', facility: 'CHU-X' }] },
      ],
    }),
  )
  say('floors')
  const floors = await measureFloors(kafka, clickhouseClient('loadtest', config), contract, some(60_000))
  const as = (program: string) => ({ ...env, ...stack.login(program) })
  await makeKeys(as, folder)
  const gateway = await startService('gateway', as('gateway'), folder)
  services.push(gateway)
  const target: Target = { url: gateway.url, pid: gateway.pid, keys }
  const admin = kafka.admin()
  await admin.connect()
  const stored = async () => {
    const extents = await Promise.all(FEEDS.map((feed) => topicExtent(admin, topicOf('', 'identified', feed))))
    return extents.flat().reduce((sum, { high }) => sum + Number(high), 0)
  }

  let next = 0
  let accepted = 0
  const take = (count: number) => {
    next += count
    accepted += count
    return next - count
  }
  const rows: (readonly [string, number, Rate])[] = []
  const measured = async (
    name: string,
    records: number,
    requests: number,
    run: (plan: Plan) => Promise<Rate>,
    concurrency: number,
  ) => {
    say(name)
    rows.push([name, records, await run({ from: take(records * requests), records, requests, concurrency })])
  }
  const [ndjson, array, avro, fhir] = FORMATS as [Format, Format, Format, Format]
  await rateOf(target, ndjson, { from: take(20_000), records: 500, requests: 40, concurrency: 4 })
  if (!flags['overload-only']) {
    await measured('JSON, one record', 1, some(5000), (plan) => rateOf(target, array, plan), 16)
    for (const format of [ndjson, array, avro, fhir])
      await measured(format.name, 500, some(format === fhir ? 60 : 160), (plan) => rateOf(target, format, plan), 4)
    await measured('NDJSON', 5000, some(16), (plan) => rateOf(target, ndjson, plan), 4)
    await measured('MLLP, a result in each message', 1, some(3000), (plan) => mllpRate(gateway.pid, mllpPort, plan), 16)
    await measured(
      'MLLP, 20 results in each message',
      20,
      some(1000),
      (plan) => mllpRate(gateway.pid, mllpPort, plan),
      16,
    )
  }
  const over = []
  const offered = [
    ...[ndjson, array, avro].map((format) => ({ ...format, records: 20_000 })),
    { ...fhir, records: 8000 },
    ...OVERLOAD_FORMATS,
  ].filter(({ name }) => flags.overload?.some((wanted) => name.startsWith(wanted)) ?? true)
  for (const format of offered) {
    say(`${TIMES} times the bytes: ${format.name}`)
    const plan = {
      from: next,
      bound: BOUND,
      times: TIMES,
      seconds: Math.ceil(10 * share),
      records: format.records,
    }
    const outcome = await overload(target, format, plan)
    accepted += outcome.accepted_records
    over.push([format.name, outcome] as const)
  }
  const inKafka = await stored()
  await admin.disconnect()
  const text = [
    `${new Date().toISOString()}  ${machine()}`,
    `npm run loadtest:gateway -- ${process.argv.slice(2).join(' ')}`,
    '',
    `bare producer: ${floors.produce_per_second.toLocaleString('en')} records/s`,
    '',
    table(
      ['format', 'records in one', 'records/s', 'of the producer', 'p50 ms', 'p99 ms', 'p99.9 ms', 'CPU us/record'],
      rows.map(([name, records, rate]) => [
        name,
        String(records),
        rate.records_per_second.toLocaleString('en'),
        (rate.records_per_second / floors.produce_per_second).toFixed(2),
        ...[rate.p50_ms, rate.p99_ms, rate.p999_ms, rate.cpu_us_per_record].map(String),
      ]),
    ),
    `Bodies offered at the same time: ${TIMES} times CHAINON_MAX_INFLIGHT_BYTES (${BOUND / 1024 ** 2} MiB)`,
    '',
    table(
      ['format', 'body MiB', 'offered MiB', 'accepted', 'answers', 'memory before MiB', 'peak MiB', '/health ms'],
      over.map(([name, one]) => [
        name,
        String(one.body_mib),
        String(one.offered_mib),
        one.accepted_records.toLocaleString('en'),
        Object.entries(one.answers)
          .map(([status, count]) => `${status}: ${count}`)
          .join(', '),
        ...[one.before_mib, one.peak_mib, one.health_ms].map(String),
      ]),
    ),
    `accepted ${accepted.toLocaleString('en')}, in Kafka ${inKafka.toLocaleString('en')}: ${accepted === inKafka ? 'equal' : 'DIFFERENT'}`,
    '',
  ].join('\n')
  process.stdout.write(text)
  mkdirSync(flags.out, { recursive: true })
  writeFileSync(join(flags.out, `${new Date().toISOString().slice(0, 10)}-gateway.txt`), text)
  if (accepted !== inKafka) process.exitCode = 1
} finally {
  for (const service of services) await service.stop()
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
}

interface Plan {
  readonly from: number
  readonly records: number
  readonly requests: number
  readonly concurrency: number
}
