/**
 * `npm run loadtest`: a million simulated records through every stage on this machine. First the floors and each stage alone with a
 * smaller set of records, then all records with all stages at once. Exits with 1 when one record is lost or doubled.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CLICKHOUSE_KEYS, clickhouseClient } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { topicOf } from '#core/contract/names.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { topicExtent } from '#core/kafka/offsets.ts'
import { readLedger } from '#core/ledger/ledger.ts'
import { isBalanced } from '#core/ledger/row.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { startProgress } from '#core/terminal/progress.ts'
import { startStack } from '../deploy/local/stack.ts'
import { expectedOf } from './expected.ts'
import { measureFloors } from './floors.ts'
import { freshnessBetween, readBuckets } from './freshness.ts'
import { machine } from './machine.ts'
import { watchMemory } from './memory.ts'
import { makeKeys, runOnce, type Service, startService } from './processes.ts'
import { type Result, render } from './report.ts'
import { sendFolder } from './send.ts'

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    hospitals: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'realistic' },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  process.stdout.write(
    'npm run loadtest -- [--records 1000000] [--hospitals 3] [--seed 1] [--profile realistic|load] [--out loadtest/results]\n',
  )
  process.exit(0)
}
/** A rate far below the capacity of two cores: freshness without queues. */
const STEADY_PER_SECOND = 1000
const STEADY_SECONDS = 30
const records = Number(flags.records)
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`)
const seconds = (since: number) => (performance.now() - since) / 1000
const perSecond = (count: number, duration: number) => Math.round(count / duration)

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
  const env = { ...process.env, ...stack.env }
  const as = (program: string) => ({ ...env, ...stack.login(program) })
  const config = readConfig('loadtest', [...KAFKA_KEYS, ...CLICKHOUSE_KEYS, 'CHAINON_FEEDS_DIR'], env)
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const kafka = kafkaClient('loadtest', config, createLogger('loadtest', 'error'))
  await runOnce(['services/provision/main.ts'], as('provision'))
  const clickhouse = clickhouseClient('loadtest', config)
  const admin = kafka.admin()
  await admin.connect()
  const sources = { admin, clickhouse, namespace: '', feeds: contracts.map(({ feed }) => feed) }

  say(`simulating ${records} records`)
  const aloneCount = Math.max(20_000, Math.round(records / 5))
  const simulate = (count: number, seed: string, into: string) =>
    runOnce(
      [
        ...[
          'services/synthetic/main.ts',
          'simulate',
          '--hospitals',
          flags.hospitals,
          '--patients',
          String(Math.max(1000, Math.round(count / 12))),
        ],
        ...[
          '--records',
          String(count),
          '--rate',
          '0',
          '--seed',
          seed,
          '--profile',
          flags.profile,
          '--out',
          into,
          '--truth',
          `${into}.truth`,
        ],
      ],
      env,
    )
  await simulate(aloneCount, `${flags.seed}7`, join(folder, 'alone'))
  await simulate(STEADY_PER_SECOND * STEADY_SECONDS, `${flags.seed}8`, join(folder, 'steady'))
  await simulate(records, flags.seed, join(folder, 'all'))
  // The simulation numbers each hospital's records from 1: each set gets its own hospitals.
  for (const set of ['alone', 'steady'])
    for (const name of readdirSync(join(folder, set)))
      renameSync(join(folder, set, name), join(folder, set, `${set}-${name}`))
  const producers = ['alone', 'steady', 'all'].flatMap((name) => readdirSync(join(folder, name)))
  const keyRows = JSON.parse(
    await runOnce(['services/cli/chainon.mjs', 'keys', 'ensure', '--json', ...producers], env),
  ) as { producer: string; key: string }[]
  const keys = new Map(keyRows.map(({ producer, key }) => [producer, key]))

  say('floors: plain produce, consume and insert')
  const observation = contracts.find(({ feed }) => feed === 'observation')
  if (!observation) throw new Error('there is no observation contract')
  const floors = await measureFloors(kafka, clickhouse, observation, aloneCount)

  const loaded = async () =>
    (await readLedger(sources)).reduce((sum, row) => sum + row.loaded + row.quarantined + row.rejected, 0)
  const pseudonymised = async () => {
    const extents = await Promise.all(
      sources.feeds.map((feed) => topicExtent(admin, topicOf('', 'pseudonymised', feed))),
    )
    return extents.flat().reduce((sum, { high }) => sum + Number(high), 0)
  }
  const until = async (count: () => Promise<number>, target: number) => {
    while ((await count()) < target) await sleep(100)
  }

  say(`each stage alone, ${aloneCount} records`)
  await makeKeys(as, folder)
  const gateway = await startService('gateway', as('gateway'), folder)
  services.push(gateway)
  let started = performance.now()
  const aloneSent = await sendFolder(join(folder, 'alone'), gateway.url, keys, () => undefined)
  const gatewayAlone = perSecond(aloneSent.accepted, seconds(started))
  const deidentify = await startService('deidentify', as('deidentify'), folder)
  services.push(deidentify)
  started = performance.now()
  const already = await pseudonymised()
  await until(pseudonymised, aloneSent.accepted)
  const deidentifyAlone = perSecond(aloneSent.accepted - already, seconds(started))
  const curate = await startService('curate', as('curate'), folder)
  services.push(curate)
  started = performance.now()
  const loadedAlready = await loaded()
  await until(loaded, aloneSent.accepted)
  const curateAlone = perSecond(aloneSent.accepted - loadedAlready, seconds(started))

  services.push(await startService('linker', as('linker'), folder))

  say(`a steady ${STEADY_PER_SECOND} records/s for freshness`)
  const before = await readBuckets(curate.url)
  const steadySent = await sendFolder(join(folder, 'steady'), gateway.url, keys, () => undefined, {
    perSecond: STEADY_PER_SECOND,
    batchRecords: 100,
  })
  await until(loaded, aloneSent.accepted + steadySent.accepted)
  const steady = { records_per_second: STEADY_PER_SECOND, ...freshnessBetween(before, await readBuckets(curate.url)) }

  say(`all stages at once, ${records} records`)
  const pids = new Map([
    ...services.map(({ name, pid }): [string, number] => [name, pid]),
    ...stackPids(),
    ['loadtest', process.pid] as [string, number],
  ])
  const memory = watchMemory(pids)
  started = performance.now()
  let accepted = 0
  const progress = startProgress(() => ({ text: `${accepted} accepted`, share: accepted / records }))
  const sent = await sendFolder(join(folder, 'all'), gateway.url, keys, (soFar) => {
    accepted = soFar.accepted
  }).finally(() => progress.stop())
  const gatewaySeconds = seconds(started)
  const total = aloneSent.accepted + steadySent.accepted + sent.accepted
  await until(pseudonymised, total)
  const deidentifySeconds = seconds(started)
  await until(loaded, total)
  const allSeconds = seconds(started)
  const processes = memory()

  say('counting')
  const ledger = await readLedger(sources)
  const expected = await Promise.all(['alone', 'steady', 'all'].map((set) => expectedOf(join(folder, set))))
  const tables = await Promise.all(
    sources.feeds.map(async (feed) => {
      const query = `SELECT count() AS rows, uniqExact(record_id) AS records FROM \`${feed}\``
      const [row] = await (await clickhouse.query({ query, format: 'JSONEachRow' })).json<{
        rows: string
        records: string
      }>()
      return {
        feed,
        expected: expected.reduce((sum, { current }) => sum + (current.get(feed) ?? 0), 0),
        rows: Number(row?.rows),
        records: Number(row?.records),
      }
    }),
  )
  const result: Result = {
    command: `npm run loadtest -- --records ${flags.records} --hospitals ${flags.hospitals} --seed ${flags.seed} --profile ${flags.profile}`,
    date: new Date().toISOString(),
    machine: machine(),
    records: sent.accepted,
    rejected_by_gateway: sent.rejected + aloneSent.rejected,
    floors,
    stages: [
      {
        stage: 'gateway (HTTP to acks=all)',
        alone_per_second: gatewayAlone,
        together_per_second: perSecond(sent.accepted, gatewaySeconds),
        floor: 'produce',
      },
      {
        stage: 'deidentify',
        alone_per_second: deidentifyAlone,
        together_per_second: perSecond(sent.accepted, deidentifySeconds),
        floor: 'produce',
      },
      {
        stage: 'curate (link, validate, load)',
        alone_per_second: curateAlone,
        together_per_second: perSecond(sent.accepted, allSeconds),
        floor: 'insert',
      },
    ],
    end_to_end_seconds: Number(allSeconds.toFixed(1)),
    steady,
    ledger: {
      accepted: ledger.reduce((sum, row) => sum + row.accepted, 0),
      loaded: ledger.reduce((sum, row) => sum + row.loaded, 0),
      quarantined: ledger.reduce((sum, row) => sum + row.quarantined, 0),
      rejected: ledger.reduce((sum, row) => sum + row.rejected, 0),
      in_flight: ledger.reduce((sum, row) => sum + row.in_flight, 0),
      balanced: isBalanced(ledger) && ledger.reduce((sum, row) => sum + row.accepted, 0) === total,
    },
    tables,
    processes,
  }
  mkdirSync(flags.out, { recursive: true })
  const file = join(flags.out, `${result.date.slice(0, 10)}-${flags.records}.json`)
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(file.replace(/\.json$/, '.txt'), render(result))
  process.stdout.write(render(result))
  if (!result.ledger.balanced || tables.some((table) => table.rows !== table.records || table.rows !== table.expected))
    process.exitCode = 1
  await admin.disconnect()
  await clickhouse.close()
} finally {
  for (const service of services.toReversed()) await service.stop()
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
}

function stackPids(): [string, number][] {
  return (['kafka', 'registry', 'redis', 'clickhouse'] as const).map((name) => [name, stack.pid(name)])
}
