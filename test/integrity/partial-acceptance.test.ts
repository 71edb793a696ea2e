/**
 * A partition without a leader fails only its own records: the others are accepted within the request, and every record is in Kafka
 * exactly once at the end. Two real brokers; the topics have a partition on each, and the second broker is away.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { withAdmin } from '#core/kafka/offsets.ts'
import { createKey } from '#core/keys/admin.ts'
import { type GatewayProcess, runToEnd, startGateway } from '../helpers/gateway.ts'
import { alterTopic, testKafka } from '../helpers/kafka.ts'
import { LONG, onlyLong } from '../helpers/long.ts'
import { type Feed, recordOf } from '../helpers/records.ts'
import { announceDayKeys } from '../helpers/sealed.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'
import { startTwoBrokers, type TwoBrokers } from '../helpers/two-brokers.ts'
import { avroContainer, storedRecords } from '../integration/helpers/gateway-reads.ts'

const NDJSON = 'application/x-ndjson'

interface Partial {
  readonly code: string
  readonly accepted: number
  readonly rejected: number
  readonly unavailable_indexes: readonly number[]
}

let place: Isolated
let kafka: TwoBrokers
let env: Readonly<Record<string, string>>
let gateway: GatewayProcess
let key = ''

beforeAll(async () => {
  if (!LONG) return
  place = isolated()
  kafka = await startTwoBrokers()
  env = { ...place.env, KAFKA_BROKERS: kafka.brokers, CHAINON_PARTITIONS: '2' }
  const encounters = { topic: `${place.namespace}identified.encounter`, numPartitions: 2, replicationFactor: 2 }
  // The sealing keys must be readable while one broker is away, as in any cluster.
  const sealing = { topic: `${place.namespace}sealing.keys`, numPartitions: 1, replicationFactor: 2 }
  await withAdmin(testKafka(env), (admin) =>
    admin.createTopics({ topics: [encounters, sealing], waitForLeaders: false }),
  )
  const provisioned = await runToEnd('services/provision/main.ts', [], env)
  expect([provisioned.status, provisioned.status === 0 ? '' : provisioned.stderr]).toEqual([0, ''])
  key = createKey(place.folder, 'chu-test', '').key
  await announceDayKeys(env, place.namespace)
  gateway = await startGateway(env)
  // It has the sealing keys, and knows both brokers.
  const first = () => post('/v1/feeds/medication/records', NDJSON, lines(records('medication', 'first')))
  while ((await first()).status !== 202) await sleep(250)
})

afterAll(async () => {
  await gateway?.stop()
  await kafka?.stop()
  if (LONG) place.remove()
})

beforeEach(onlyLong)

function post(
  path: string,
  type: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
    body: typeof body === 'string' ? body : Buffer.from(body),
  })
}

/** Records of so many patients that both partitions have some. */
const records = (feed: Feed, prefix: string, count = 40) =>
  Array.from({ length: count }, (_, i) => recordOf(feed, `${prefix}-${i}`, `${prefix}-p${i}`))
const lines = (of: readonly object[]) => of.map((record) => JSON.stringify(record)).join('\n')

/** @returns the ids in Kafka that begin with the prefix, sorted; each as often as it is there */
async function idsIn(feed: Feed, prefix: string): Promise<readonly string[]> {
  const stored = await storedRecords(env, place.namespace, feed)
  return stored
    .map(({ record }) => String(record?.record_id))
    .filter((id) => id.startsWith(`${prefix}-`))
    .toSorted()
}
const idsOf = (of: readonly Record<string, unknown>[]) => of.map(({ record_id }) => String(record_id)).toSorted()

const WAIT = { interval: 250 }
/** Sends until the whole request is accepted. */
async function complete(send: () => Promise<Response>): Promise<Record<string, unknown>> {
  let last: Record<string, unknown> = {}
  const attempt = async () => {
    const answer = await send()
    last = (await answer.json()) as Record<string, unknown>
    return answer.status
  }
  await expect.poll(attempt, WAIT).toBe(202)
  return last
}

async function expectPartial(answer: Response, all: number): Promise<Partial> {
  const problem = (await answer.json()) as Partial
  expect([answer.status, problem.code]).toEqual([503, 'partition-unavailable'])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(problem.accepted).toBeGreaterThan(0)
  expect(problem.unavailable_indexes.length).toBeGreaterThan(0)
  expect(problem.accepted + problem.rejected + problem.unavailable_indexes.length).toBe(all)
  return problem
}

const alarms = async (of: Feed) => {
  const found = (await (await fetch(`${gateway.adminUrl}/alarms`)).json()) as { code: string; feed?: string }[]
  return found.filter(({ code, feed }) => code === 'partition-unavailable' && feed === of).length
}

/** Every format, every route; rejected records among the others. */
async function requests() {
  const ndjson = records('observation', 'key')
  const rejected = { ...recordOf('observation', 'key-no', 'key-p'), code: 7 }
  const avro = records('observation', 'avro').map((record) => ({ ...record, effective_at: 1_700_000_000_000 }))
  const schema = {
    type: 'record',
    name: 'O',
    fields: [
      ...['record_id', 'patient_ipp', 'code_system', 'code'].map((name) => ({ name, type: 'string' })),
      { name: 'effective_at', type: 'long' },
    ],
  }
  const file = await avroContainer(schema, avro)
  const single = records('procedure', 'single', 8)
  const patients = Array.from({ length: 20 }, (_, i) => ({
    fullUrl: `urn:uuid:${i}`,
    resource: { resourceType: 'Patient', id: `fhir-${i}`, birthDate: '1950-01-02', deceasedDateTime: '2024-02-03' },
  }))
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: patients })
  const key = (name: string) => ({ 'idempotency-key': name })
  return {
    ndjson: {
      sent: ndjson,
      all: ndjson.length + 1,
      send: () => post('/v1/feeds/observation/records', NDJSON, lines([...ndjson, rejected]), key('ndjson')),
    },
    avro: {
      sent: avro,
      all: avro.length,
      send: () => post('/v1/feeds/observation/records', 'application/avro', file, key('avro')),
    },
    single: {
      sent: single,
      send: single.map(
        (record, i) => () =>
          post('/v1/feeds/procedure/records', 'application/json', JSON.stringify(record), key(`s${i}`)),
      ),
    },
    fhir: {
      ids: patients.map(({ resource }) => resource.id),
      send: () => post('/fhir/R4', 'application/fhir+json', bundle, key('fhir')),
    },
  }
}

test('with a key: records of a partition with a leader are accepted within the request, the others when it is sent again, whatever is killed in between', async () => {
  const { ndjson, avro, single, fhir } = await requests()
  const file = join(place.folder, 'pushed.ndjson')
  const pushed = records('diagnosis', 'push', 60)
  writeFileSync(file, lines(pushed))
  const push = (seconds: number) =>
    runToEnd(
      'services/cli/chainon.mjs',
      [
        ...[
          'push',
          'diagnosis',
          file,
          '--url',
          gateway.url,
          '--key',
          key,
          '--batch-records',
          '20',
          '--no-wait',
          '--json',
        ],
        ...['--retry-seconds', String(seconds)],
      ],
      env,
    )
  await kafka.endSecond('SIGTERM')
  try {
    const first = await expectPartial(await ndjson.send(), ndjson.all)
    expect(first.rejected).toBe(1)
    await expectPartial(await avro.send(), avro.all)
    const singles = await Promise.all(single.send.map((send) => send()))
    expect(new Set(singles.map(({ status }) => status))).toEqual(new Set([202, 503]))
    const bundle = (await (await fhir.send()).json()) as Partial
    expect([bundle.code, bundle.unavailable_indexes.length > 0]).toEqual(['partition-unavailable', true])
    const failed = await push(1)
    expect(failed.status).toBe(75)
    expect(failed.stderr).toMatch(/are stored already and are not stored again, and \d+ wait for a partition of Kafka/)

    expect(await alarms('observation')).toBe(1)
    expect(await (await fetch(`${gateway.adminUrl}/metrics`)).text()).toMatch(
      /chainon_gateway_partition_unavailable\{[^}]*feed="observation"[^}]*\} 1/,
    )
    const health = await fetch(`${gateway.adminUrl}/health`)
    expect([health.status, await health.json()]).toMatchObject([
      200,
      { status: 'ok', stopped: expect.arrayContaining([expect.objectContaining({ feed: 'observation' })]) },
    ])

    gateway.process.kill('SIGKILL')
    gateway = await startGateway(env)
    // A gateway that starts while a partition has no leader serves the others, and knows what its predecessor stored.
    const again = await expectPartial(await ndjson.send(), ndjson.all)
    expect(again).toMatchObject({ accepted: first.accepted, unavailable_indexes: first.unavailable_indexes })
  } finally {
    await kafka.startSecond()
  }
  expect(await complete(ndjson.send)).toMatchObject({ accepted: ndjson.sent.length, rejected: 1 })
  expect(await complete(avro.send)).toMatchObject({ accepted: avro.sent.length })
  for (const send of single.send) await complete(send)
  expect(await complete(fhir.send)).toMatchObject({ accepted: 2 * fhir.ids.length, rejected: 0 })
  const done = await push(60)
  expect([done.status, JSON.parse(done.stdout)]).toEqual([0, [{ file, accepted: pushed.length, rejected: 0 }]])
  await expect.poll(() => alarms('observation'), WAIT).toBe(0)

  expect(await idsIn('observation', 'key')).toEqual(idsOf(ndjson.sent))
  expect(await idsIn('observation', 'avro')).toEqual(idsOf(avro.sent))
  expect(await idsIn('procedure', 'single')).toEqual(idsOf(single.sent))
  expect(await idsIn('diagnosis', 'push')).toEqual(idsOf(pushed))
  for (const feed of ['patient', 'death'] as const) {
    const stored = await storedRecords(env, place.namespace, feed)
    const found = stored.map(({ record }) => String(record?.patient_ipp)).filter((ipp) => ipp.startsWith('fhir-'))
    expect([feed, found.toSorted()]).toEqual([feed, fhir.ids.toSorted()])
  }
})

test('without a key: the named records, sent alone, complete the request; a broker that is killed is noticed by the others at once', async () => {
  const sent = records('medication', 'index')
  const send = (of: readonly object[]) => post('/v1/feeds/medication/records', NDJSON, lines(of))
  let missing: readonly Record<string, unknown>[] = []
  await kafka.endSecond('SIGKILL')
  try {
    const problem = await expectPartial(await send(sent), sent.length)
    missing = problem.unavailable_indexes.map((index) => sent[index] ?? {})
  } finally {
    await kafka.startSecond()
  }
  // Until the gateway knows the broker again it may say that Kafka does not answer; then nothing of that request is stored.
  const resend = async () => {
    const answer = (await (await send(missing)).json()) as Partial
    if (answer.code === 'dependency-unavailable') return missing.length
    missing = (answer.unavailable_indexes ?? []).map((index) => missing[index] ?? {})
    return missing.length
  }
  await expect.poll(resend, WAIT).toBe(0)
  expect(await idsIn('medication', 'index')).toEqual(idsOf(sent))
})

test('a broker that hangs delays only the records of its partitions', async () => {
  const send = (of: readonly object[]) => post('/v1/feeds/document/records', NDJSON, lines(of))
  const before = records('document', 'before')
  expect((await send(before)).status).toBe(202)
  const topic = `${place.namespace}identified.document`
  const { topics } = await withAdmin(testKafka(env), (admin) => admin.fetchTopicMetadata({ topics: [topic] }))
  const second = topics[0]?.partitions.find(({ leader }) => leader === 2)?.partitionId
  const stored = await storedRecords(env, place.namespace, 'document')
  const hangs = new Set(stored.filter(({ partition }) => partition === second).map(({ record }) => record?.patient_ipp))
  const after = before.map((record, i): Record<string, unknown> => ({ ...record, record_id: `after-${i}` }))
  const living = after.filter(({ patient_ipp }) => !hangs.has(patient_ipp))
  const others = after.filter(({ patient_ipp }) => hangs.has(patient_ipp))
  expect([living.length > 0, others.length > 0]).toEqual([true, true])
  kafka.freezeSecond()
  try {
    const held = send(others).then((answer) => `held ${answer.status}`)
    const first = async () => Promise.race([held, send(living).then((answer) => `living ${answer.status}`)])
    expect(await first()).toBe('living 202')
    expect(await held).toBe('held 503')
  } finally {
    kafka.thawSecond()
  }
  await complete(() => send(others))
  // What the broker received before it hung may be there, too: it was answered 503, and is the same version.
  const ids = await idsIn('document', 'after')
  expect([...new Set(ids)]).toEqual(idsOf(after))
  expect(ids.filter((id) => living.some(({ record_id }) => record_id === id))).toEqual(idsOf(living))
})

test('a leader that rejects fails only the records of its partitions', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `rejects-${i}`)
  const entry = ids.flatMap((id, i) => [
    { fullUrl: `urn:uuid:${i}`, resource: { resourceType: 'Patient', id, birthDate: '1950-01-02' } },
    {
      resource: {
        resourceType: 'Encounter',
        id: `encounter-${id}`,
        subject: { reference: `urn:uuid:${i}` },
        period: { start: '2024-01-01T00:00:00Z' },
      },
    },
  ])
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry })
  const send = () => post('/fhir/R4', 'application/fhir+json', bundle, { 'idempotency-key': 'rejects' })
  // Its partitions keep a leader, which has too few replicas while the second broker is away.
  await alterTopic(env, `${place.namespace}identified.encounter`, { 'min.insync.replicas': '2' })
  await kafka.endSecond('SIGTERM')
  try {
    const problem = (await (await send()).json()) as Partial & { by_feed: Record<string, { accepted: number }> }
    expect(problem).toMatchObject({
      code: 'partition-unavailable',
      rejected: 0,
      by_feed: { encounter: { accepted: 0, unavailable: ids.length } },
    })
    expect(problem.by_feed.patient?.accepted).toBeGreaterThan(0)
    const encounters = ids.map((_, i) => 2 * i + 1)
    expect(problem.unavailable_indexes).toEqual(expect.arrayContaining(encounters))
    await expect.poll(() => alarms('encounter'), WAIT).toBe(2)
  } finally {
    await kafka.startSecond()
  }
  expect(await complete(send)).toMatchObject({ accepted: 2 * ids.length, rejected: 0 })
  await expect.poll(() => alarms('encounter'), WAIT).toBe(0)
  for (const feed of ['patient', 'encounter'] as const) {
    const stored = await storedRecords(env, place.namespace, feed)
    const found = stored.map(({ record }) => String(record?.patient_ipp)).filter((ipp) => ids.includes(ipp))
    expect([feed, found.toSorted()]).toEqual([feed, ids.toSorted()])
  }
})
