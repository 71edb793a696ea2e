/**
 * The most important test: invented identities are sent in every format, in valid and in invalid records. None of them may be in any
 * byte that Chainon stores, logs, serves or answers, the identified topics included: what lies there is sealed.
 */
import { spawn } from 'node:child_process'
import { hash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { withAdmin } from '#core/kafka/offsets.ts'
import { createKey } from '#core/keys/admin.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { type Stack, startStack } from '../../deploy/local/stack.ts'
import { writeEarlierRules } from '../../loadtest/earlier-rules.ts'
import { inventor } from '../../services/cli/canary/invent.ts'
import { searchClickhouse } from '../../services/cli/canary/places/clickhouse.ts'
import { searchKafka } from '../../services/cli/canary/places/kafka.ts'
import {
  adminPages,
  consolePages,
  gatewayPages,
  type Page,
  searchPages,
  searchRegistry,
} from '../../services/cli/canary/places/pages.ts'
import { searchRedis } from '../../services/cli/canary/places/redis.ts'
import { canaryRecord } from '../../services/cli/canary/records.ts'
import type { CanaryReport } from '../../services/cli/canary/report.ts'
import { type Scanner, scannerFor } from '../../services/cli/canary/scanner.ts'
import { type PlaceReport, Search } from '../../services/cli/canary/search.ts'
import { rejectedIndexes, sendCanary, unexpected } from '../../services/cli/canary/send.ts'
import { planOf } from '../../services/cli/canary/sow.ts'
import { type CanaryRequest, sowings } from '../../services/cli/canary/sowings.ts'
import { openLedger } from '../../services/cli/ledger-source.ts'
import { dicomFile, slice } from '../helpers/dicom-file.ts'
import { createTopics, groupOffsets, produce, readTopics, testKafka } from '../helpers/kafka.ts'
import { onlyLong } from '../helpers/long.ts'
import { testRedis } from '../helpers/redis.ts'
import { openSealed } from '../helpers/sealed.ts'
import { clientLogin } from '../helpers/servers.ts'

const FEEDS_DIR = fileURLToPath(new URL('../../schemas/feeds', import.meta.url))
const contracts = loadContracts(FEEDS_DIR)
const folder = mkdtempSync(join(tmpdir(), 'chainon-canary-'))
/** Canaries of accepted records, which are in the identified topics. */
const accepted: string[] = []
/** Canaries of rejected records and requests. */
const rejected: string[] = []
/** Canaries of requests that become records of many feeds, and of files; not every one is in a record. */
const many: string[] = []
const answers: { where: string; bytes: Buffer }[] = []
const objects = join(folder, 'objects')
const invent = inventor(randomUUID())
/** The name of the producer, which must be where the records are. */
const CONTROL = 'hospital-a'
let stack: Stack
let keys: readonly string[]
let scanner: Scanner

beforeAll(async () => {
  // The gateway has the contracts of before their rules rejected, so that the workers have records to reject.
  const earlier = join(folder, 'earlier-rules')
  writeEarlierRules(FEEDS_DIR, earlier)
  const serviceEnvironment = {
    gateway: { CHAINON_FEEDS_DIR: earlier, CHAINON_OBJECT_DIR: objects },
    deidentify: { CHAINON_OBJECT_DIR: objects },
  }
  stack = await startStack({ dataDir: folder, ports: 'auto', services: 'all', env: process.env, serviceEnvironment })
  keys = [CONTROL, 'hospital-b'].map((name) => createKey(folder, name, '').key)
  // The gateway reads its keys again within half a second.
  while ((await send(json('/v1/feeds/patient/records', '[]'))).status === 401) await sleep(50)
  await sow()
  await sowImage()
  await sowBad()
  scanner = scannerFor([...accepted, ...rejected, ...many, CONTROL])
  const ledger = await openLedger({ ...process.env, ...stack.env, ...stack.login('operator') })
  const { rows, complete } = await ledger.read(180)
  await ledger.close()
  expect([complete, rows.filter((row) => row.loaded > 0).length > contracts.length / 2]).toEqual([true, true])
})

afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const send = async (request: CanaryRequest, key = keys[0] ?? '') => {
  const answer = await sendCanary(stack.url('gateway'), key, request)
  answers.push({ where: request.path, bytes: answer.bytes })
  return answer
}
const json = (path: string, body: string): CanaryRequest => ({
  path,
  type: 'application/json',
  body: Buffer.from(body),
  headers: {},
})

/** What `chainon canary` sows. */
async function sow(): Promise<void> {
  for (const [index, sowing] of sowings(contracts, FEEDS_DIR, invent, Date.now()).entries()) {
    const answer = await send(sowing.request, keys[index % 2])
    expect([unexpected(sowing, answer), answer.text]).toEqual([undefined, answer.text])
    const refused = rejectedIndexes(answer.text)
    // Some are refused, because no record is without a version or a time; in the others the value is withheld.
    if (sowing.channel === 'kept fields') expect(refused.size).toBeGreaterThan(0)
    for (const [at, { canaries, readable }] of sowing.records.entries())
      (readable && !refused.has(at) ? accepted : rejected).push(...canaries)
    for (const { canaries, channel } of sowing.hidden)
      (MANY_FEEDS.includes(channel) ? many : rejected).push(...canaries)
  }
}

/** A file with its pixels, for the object store. */
async function sowImage(): Promise<void> {
  const canary = (text = invent.word()) => {
    many.push(text)
    return text
  }
  const uid = () => `2.25.${canary(`1${invent.digits(24)}`)}`
  const image = slice({
    '(0008,0018)': ['UI', uid()],
    '(0008,0050)': ['SH', canary()],
    '(0008,0080)': ['LO', canary()],
    '(0008,0090)': ['PN', canary()],
    '(0008,1140)': ['SQ', [{ '(0008,1155)': ['UI', uid()], '(0010,0010)': ['PN', canary()] }]],
    '(0009,1001)': ['LO', canary()],
    '(0010,0010)': ['PN', `${canary()}^${canary()}`],
    '(0010,0020)': ['LO', canary()],
    '(0010,4000)': ['LT', canary()],
    '(0020,000D)': ['UI', uid()],
    '(0020,000E)': ['UI', uid()],
    '(0038,0010)': ['LO', canary()],
  })
  const answer = await send({ path: '/v1/dicom', type: 'application/dicom', body: dicomFile(image), headers: {} })
  expect(answer.status, answer.text).toBe(202)
}

const MANY_FEEDS = ['FHIR', 'HL7 v2', 'DICOM']

/** Records that the workers quarantine or reject, and a message that is not a record. */
async function sowBad(): Promise<void> {
  const patient = contracts.find(({ feed }) => feed === 'patient')
  if (!patient) throw new Error('no contract for patient')
  const [nir, foreign] = [invent.nir(), invent.word()]
  rejected.push(nir, foreign)
  // Accepted; then quarantined by deidentify, flagged by deidentify because of its wrong key, and rejected by a rule of curate.
  const failingLater = [{ birth_date: '2150-01-01' }, { nir: `${nir.slice(0, 13)}99` }, { record_version: -1 }]
  for (const fields of failingLater) {
    const body = JSON.stringify([{ ...canaryRecord(patient, invent).record, ...fields }])
    expect((await send(json('/v1/feeds/patient/records', body))).status).toBe(202)
  }
  await produce(stack.env, 'identified.patient', [{ partition: 0, value: `{"name":"${foreign}"}` }])
}

const topicsLike = async (prefix: string) =>
  (await withAdmin(testKafka(stack.env), (admin) => admin.listTopics())).filter((topic) => topic.startsWith(prefix))
const search = () => new Search(scanner, CONTROL)
const canariesOf = (found: readonly { canary: string }[]) => new Set(found.map(({ canary }) => canary))

/** Nothing is found, everything was read, and the search saw what it must see. */
function expectNothing({ control, hits, unread }: PlaceReport): void {
  expect({ hits: hits.slice(0, 20), unread, control }).toEqual({
    hits: [],
    unread: [],
    control: expect.stringMatching(/^(?:seen|none)$/),
  })
}

/** The log folders of the identified topics. */
const isIdentified = (path: string) => /^identified\.[a-z_]+-\d+$/.test(basename(dirname(path)))

test('the scanner can fail: it finds every canary in the identified topics when their seals are opened, and in files', async () => {
  const messages = await readTopics(stack.env, await topicsLike('identified.'))
  const opened = await openSealed({ ...stack.env, CHAINON_DATA_DIR: folder }, messages)
  const found = canariesOf(opened.flatMap((value) => (value ? scanner.scan(value) : [])))
  expect(accepted.filter((canary) => !found.has(canary))).toEqual([])
  expect(many.filter((canary) => found.has(canary)).length).toBeGreaterThan(40)
  const plain = mkdtempSync(join(tmpdir(), 'chainon-plain-'))
  writeFileSync(join(plain, 'records'), Buffer.concat(opened.filter((value) => value !== null)))
  const inFiles = canariesOf(scanner.scanFolder(plain, () => false).found)
  expect(accepted.filter((canary) => !inFiles.has(canary))).toEqual([])
  rmSync(plain, { recursive: true })
})

test('no canary in a message of the pseudonymised zone, of sealed encodings or of persons, in any other topic, or in offset metadata', async () => {
  const kinds = await Promise.all(['pseudonymised.', 'linkage.', 'linked.'].map(topicsLike))
  expect(kinds.map(({ length }) => length > 0)).toEqual([true, true, true])
  expect((await groupOffsets(stack.env, 'curate', kinds.flat())).length).toBeGreaterThan(0)
  const report = await searchKafka(
    testKafka(stack.env),
    search(),
    new Map(),
    ['deidentify', 'linker', 'curate'],
    'canary-',
  )
  expect(Number(/(\d+) messages/.exec(report.read)?.[1])).toBeGreaterThan(contracts.length * 10)
  // A program that is not Chainon wrote one message to an identified topic; it is past no door of ours, but must come no further.
  const foreign = ({ where }: { where: string }) => where === 'topic identified.patient'
  expect(canariesOf(report.hits.filter(foreign)).size).toBe(1)
  expectNothing({ ...report, hits: report.hits.filter((hit) => !foreign(hit)) })
})

test('no canary in a key or a value of Redis', async () => {
  const redis = testRedis(stack.env)
  const names = await redis.keysBuffer('*')
  const beginning = (prefix: string) => names.filter((name) => name.toString().startsWith(prefix)).length
  expect(beginning('idem:')).toBeGreaterThan(contracts.length - 1)
  expect(beginning('{lx:main}')).toBeGreaterThan(contracts.length)
  const report = await searchRedis(redis, search())
  redis.disconnect()
  expect(Number.parseInt(report.read, 10)).toBeGreaterThanOrEqual(names.length)
  expectNothing(report)
})

test('no canary in a row of ClickHouse, the logs of the system included', async () => {
  const clickhouse = createClient({ url: stack.env.CLICKHOUSE_URL ?? '', ...clientLogin(stack.env) })
  const tables = await clickhouse.query({ query: 'SELECT name FROM system.tables', format: 'JSONEachRow' })
  expect((await tables.json<{ name: string }>()).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['feed_patient', 'quarantine', 'person_link', 'person_link_scored']),
  )
  expectNothing(await searchClickhouse(clickhouse, search(), 0))
  await clickhouse.close()
})

test('no canary in answers of the gateway, metrics, alarms, pages or schemas', async () => {
  const services = (['gateway', 'deidentify', 'linker', 'curate', 'console'] as const).map((name) =>
    stack.adminUrl(name),
  )
  const pages: readonly Page[] = [
    ...adminPages(services),
    ...(await consolePages(stack.url('console'), join(folder, 'secrets', 'console'))),
    ...gatewayPages(stack.url('gateway'), keys[0] ?? '', []),
  ]
  // What was withheld is counted, by field and kind.
  const counted = await (await fetch(`${stack.url('deidentify')}/metrics`)).text()
  for (const [field, kind] of [
    ['code', 'guard'],
    ['value_number', 'guard'],
    ['route', 'guard'],
  ])
    expect(counted).toMatch(new RegExp(`chainon_withheld_values\\S*\\{[^}]*field="${field}"[^}]*kind="${kind}"`))
  expect(answers.length).toBeGreaterThan(contracts.length * 4)
  expectNothing(await searchPages(pages, answers, search()))
  expectNothing(await searchRegistry(readConfig('test', REGISTRY_KEYS, stack.env), search()))
})

test('an image is in the object store as its row says, with its pixels; no sealed one is left', async () => {
  const clickhouse = createClient({ url: stack.env.CLICKHOUSE_URL ?? '', ...clientLogin(stack.env) })
  const query = `SELECT _object AS name, _object_sha256 AS sha256, _object_bytes AS bytes FROM ${stack.env.CLICKHOUSE_DATABASE ?? 'chainon'}.imaging WHERE _object_state = 'kept'`
  const rows = await (await clickhouse.query({ query, format: 'JSONEachRow' })).json<Record<string, string>>()
  await clickhouse.close()
  expect(rows).toHaveLength(1)
  const file = readFileSync(join(objects, rows[0]?.name ?? ''))
  expect([hash('sha256', file, 'hex'), String(file.length)]).toEqual([rows[0]?.sha256, String(rows[0]?.bytes)])
  expect(file.toString('latin1')).toContain('pixels!!')
  await expect.poll(() => readdirSync(join(objects, 'incoming'), { recursive: true })).toEqual([])
})

test('no canary in a file of the data folder: logs, ClickHouse, Redis, the registry, and Kafka', () => {
  const inFolder = search()
  inFolder.folder(folder, () => false)
  const report = inFolder.report('files', '', true)
  // A program that is not Chainon wrote one message to an identified topic. Of what came through the gateway nothing is readable there, either.
  const sent = new Set([...accepted, ...many])
  const foreign = ({ canary, where }: { canary: string; where: string }) => isIdentified(where) && !sent.has(canary)
  expectNothing({ ...report, hits: report.hits.filter((hit) => !foreign(hit)) })
})

test('chainon canary finds what is planted in each kind of place, nothing else, and leaves nothing in force', async (context) => {
  onlyLong(context)
  const seed = randomUUID()
  const { sown } = planOf(contracts, FEEDS_DIR, inventor(seed), 0, undefined)
  const of = (channel: string) =>
    sown.find((one) => one.channel === channel && one.canary.startsWith('Zqx'))?.canary ?? ''
  const [name, header, column, number] = [of('JSON'), of('headers, and file names in them'), of('CSV'), of('FHIR')]
  const clickhouse = createClient({ url: stack.env.CLICKHOUSE_URL ?? '', ...clientLogin(stack.env) })
  const redis = testRedis(stack.env)
  await createTopics(stack.env, ['planted'], 1)
  const command = startCanary(['--yes', '--json', '--seed', seed, '--data-dir', folder])
  await command.until(/sowing/)
  await produce(stack.env, 'planted', [
    { partition: 0, value: '', headers: { h: Buffer.from(name).toString('base64') } },
  ])
  await redis.set('idem:planted', Array.from(header).reverse().join(''))
  for (const query of [
    'CREATE TABLE default.planted (x String) ENGINE = MergeTree ORDER BY x',
    `INSERT INTO default.planted VALUES ('${Buffer.from(column).toString('hex')}')`,
  ])
    await clickhouse.command({ query })
  writeFileSync(join(folder, 'logs', 'planted.log'), number.toUpperCase())
  const { code, stderr, stdout } = await command.ended
  redis.disconnect()
  expect([code, code === 1 ? '' : stderr]).toEqual([1, ''])
  const report = JSON.parse(stdout) as CanaryReport
  const found = new Set(report.hits.map(({ canary, place }) => `${place} ${canary}`))
  for (const one of [`Kafka ${name}`, `Redis ${header}`, `ClickHouse ${column}`, `files ${number}`])
    expect(found).toContain(one)
  // Redis and Kafka write to files of the data folder, and ClickHouse logs the statements of this test.
  expect(canariesOf(report.hits)).toEqual(new Set([name, header, column, number]))
  expect([report.failures, report.places.flatMap(({ unread }) => unread)]).toEqual([[], []])
  expect(report.places.map(({ control, place }) => `${place} ${control}`)).toEqual(
    expect.arrayContaining(['Kafka seen', 'ClickHouse seen', 'answers and pages seen', 'files seen']),
  )
  const cancelled = await clickhouse.query({
    // With FINAL there would be none: what was cancelled is left out.
    query: `SELECT count() AS all, countIf(NOT deleted) AS kept FROM
      (SELECT argMax(_deleted, _version) AS deleted FROM chainon.feed_patient WHERE _producer = {p:String} GROUP BY record_id)`,
    query_params: { p: report.producer },
    format: 'JSONEachRow',
  })
  const [rows] = await cancelled.json<{ all: string; kept: string }>()
  expect([Number(rows?.all) > 10, Number(rows?.kept)]).toEqual([true, 0])
  await clickhouse.close()
})

function startCanary(args: readonly string[]) {
  const main = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url))
  const child = spawn(...stopWithParent(process.execPath, [main, 'canary', ...args], 'KILL'), {
    env: { PATH: process.env.PATH, CHAINON_FEEDS_DIR: FEEDS_DIR },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString()
  })
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString()
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }))
  const until = (pattern: RegExp) => Promise.race([ended, expect.poll(() => stderr).toMatch(pattern)])
  return { ended, until }
}
