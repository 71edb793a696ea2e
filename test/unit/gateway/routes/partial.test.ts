/** Partial acceptance over HTTP: what the answer names, and that sending again stores each record once. Kafka is in memory. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { avroFile } from '../avro-file.ts'
import { harness, observation } from '../harness.ts'

const NDJSON = 'application/x-ndjson'
const JSON_TYPE = 'application/json'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())
beforeEach(() => {
  gateway.written.length = 0
  gateway.state.away = []
  gateway.state.refused = () => false
})

const lines = (records: readonly object[]) => records.map((record) => JSON.stringify(record)).join('\n')
const of = (patient: string, id: string, more: Record<string, unknown> = {}) =>
  observation(id, { patient_ipp: patient, ...more })
/** The ids in the log, in the order in which they came there. */
const ids = async (): Promise<readonly string[]> =>
  (await gateway.decoded()).map(({ record }) => String(record.record_id))
const metric = async (outcome: string) =>
  Number(
    new RegExp(`chainon_gateway_records\\S*feed="observation",outcome="${outcome}"\\S* (\\d+)`).exec(
      await gateway.metrics.scrape(),
    )?.[1] ?? 0,
  )

/** Accepted, rejected, unavailable, unavailable, accepted. */
const mixed = [of('here', 'a'), of('here', 'b', { code: 7 }), of('gone', 'c'), of('gone', 'd'), of('here', 'e')]
const gone = (record: Record<string, unknown>) => record.patient_ipp === 'gone'

describe.each([
  ['is known to take none', () => (gateway.state.away = [{ feed: 'observation', patient: 'gone' }])],
  ['refuses when it is asked', () => (gateway.state.refused = gone)],
])('a partition that %s', (_how, goAway) => {
  const comeBack = () => {
    gateway.state.away = []
    gateway.state.refused = () => false
  }

  test('accepted, rejected and unavailable records of one request are told apart, and the answer has what a receipt has', async () => {
    goAway()
    const answer = await gateway.post('observation', NDJSON, lines(mixed))
    expect([answer.statusCode, answer.headers['retry-after'], answer.headers['content-type']]).toEqual([
      503,
      '5',
      'application/problem+json; charset=utf-8',
    ])
    expect(answer.json()).toEqual({
      type: 'urn:chainon:problem:partition-unavailable',
      title: expect.any(String),
      status: 503,
      detail: expect.stringMatching(/^2 records are in the log\. 2 are not/),
      code: 'partition-unavailable',
      receipt_id: expect.stringMatching(/^rcp_/),
      feed: 'observation',
      accepted: 2,
      rejected: 1,
      errors: [{ index: 1, pointer: '/code', allowed: ['a text'], rule: 'type', detail: expect.any(String) }],
      unavailable: 2,
      unavailable_indexes: [2, 3],
    })
    expect(await ids()).toEqual(['o-a', 'o-e'])
  })

  test('with a key the same request continues: only what is missing is stored, and the stored answer covers all', async () => {
    const key = { 'idempotency-key': `continue ${_how}` }
    const send = () => gateway.post('observation', NDJSON, lines(mixed), key)
    const counted = [await metric('accepted'), await metric('rejected'), await metric('unavailable')]
    goAway()
    expect([(await send()).statusCode, (await send()).json().accepted]).toEqual([503, 2])
    expect(await ids()).toEqual(['o-a', 'o-e'])
    comeBack()
    const last = await send()
    expect([last.statusCode, last.json()]).toMatchObject([202, { accepted: 4, rejected: 1 }])
    expect(last.json().errors).toHaveLength(1)
    expect(await ids()).toEqual(['o-a', 'o-e', 'o-c', 'o-d'])
    const repeated = await send()
    expect([repeated.headers['idempotency-replayed'], repeated.json()]).toEqual(['true', last.json()])
    expect(await ids()).toHaveLength(4)
    const now = [await metric('accepted'), await metric('rejected'), await metric('unavailable')]
    expect(now.map((value, i) => value - (counted[i] ?? 0))).toEqual([4, 1, 4])
  })

  test('without a key the named records, sent alone, complete the request', async () => {
    goAway()
    const { unavailable_indexes: missing } = (await gateway.post('observation', NDJSON, lines(mixed))).json()
    comeBack()
    const rest = (missing as number[]).map((index) => mixed[index] ?? {})
    expect((await gateway.post('observation', NDJSON, lines(rest))).json()).toMatchObject({ accepted: 2, rejected: 0 })
    expect((await ids()).toSorted()).toEqual(['o-a', 'o-c', 'o-d', 'o-e'])
  })

  test('a single record, and an Avro file', async () => {
    goAway()
    const key = (name: string) => ({ 'idempotency-key': `${name} ${_how}` })
    const single = () => gateway.post('observation', JSON_TYPE, JSON.stringify(of('gone', 's')), key('single'))
    const schema = {
      type: 'record',
      name: 'O',
      fields: [
        ...['record_id', 'patient_ipp', 'code_system', 'code'].map((name) => ({ name, type: 'string' })),
        { name: 'effective_at', type: 'long' },
      ],
    }
    const row = (patient: string, id: string) => ({
      record_id: id,
      patient_ipp: patient,
      code_system: 'loinc',
      code: '718-7',
      effective_at: 1_700_000_000_000,
    })
    const file = avroFile([row('gone', 'x'), row('here', 'y'), row('gone', 'z')], schema)
    const avro = () => gateway.post('observation', 'application/avro', file, key('avro'))
    const first = (await single()).json()
    expect(first).toMatchObject({ code: 'partition-unavailable', accepted: 0, unavailable_indexes: [0] })
    expect(first).not.toHaveProperty('receipt_id')
    expect((await avro()).json()).toMatchObject({ accepted: 1, unavailable_indexes: [0, 2] })
    comeBack()
    expect([(await single()).statusCode, (await avro()).statusCode]).toEqual([202, 202])
    expect(await ids()).toEqual(['y', 'o-s', 'x', 'z'])
  })
})

describe('a Bundle', () => {
  const entry = [
    {
      fullUrl: 'urn:uuid:1',
      resource: { resourceType: 'Patient', id: 'p', birthDate: '1950-01-02', deceasedDateTime: '2024-02-03' },
    },
    { resource: { resourceType: 'Organization', id: 'o' } },
    {
      resource: {
        resourceType: 'Observation',
        id: 'bp',
        subject: { reference: 'urn:uuid:1' },
        effectiveDateTime: '2024-01-01',
        code: { coding: [{ code: '85354-9' }] },
        component: ['8480-6', '8462-4'].map((code) => ({
          code: { coding: [{ code }] },
          valueQuantity: { value: 120 },
        })),
      },
    },
  ]
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry })
  const send = (headers: Record<string, string> = {}) => gateway.post('fhir', 'application/fhir+json', bundle, headers)
  const topics = () => gateway.written.map(({ topic }) => topic).toSorted()

  test('an entry whose records go to several feeds is stored as a whole or not at all, where the partition is known', async () => {
    gateway.state.away = [{ feed: 'death', patient: 'p' }]
    const answer = (await send()).json()
    expect(answer).toMatchObject({
      feed: 'fhir',
      accepted: 2,
      rejected: 1,
      unavailable: 2,
      unavailable_indexes: [0],
      by_feed: {
        patient: { accepted: 0, rejected: 0, unavailable: 1 },
        death: { accepted: 0, rejected: 0, unavailable: 1 },
        observation: { accepted: 2, rejected: 0 },
      },
      errors: [{ index: 1, rule: 'unmapped-resource' }],
    })
    expect(topics()).toEqual(['u.identified.observation', 'u.identified.observation'])
  })

  test('an entry of which a part is stored is named, and with a key only the other part is stored then', async () => {
    gateway.state.refused = (record) => record.code === '8462-4'
    const key = { 'idempotency-key': 'bundle' }
    expect((await send(key)).json()).toMatchObject({ accepted: 3, unavailable: 1, unavailable_indexes: [2] })
    gateway.state.refused = () => false
    expect((await send(key)).json()).toMatchObject({
      accepted: 4,
      rejected: 1,
      by_feed: { observation: { accepted: 2, rejected: 0 } },
    })
    expect((await gateway.decoded()).map(({ record }) => record.code ?? '')).toEqual(['', '', '8480-6', '8462-4'])
  })

  test('as an OperationOutcome the entries are expressions of the first issue', async () => {
    gateway.state.away = [{ feed: 'death', patient: 'p' }]
    const answer = await send({ accept: 'application/fhir+json' })
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
    expect(answer.json().issue).toMatchObject([
      { code: 'transient', details: { coding: [{ code: 'partition-unavailable' }] }, expression: ['Bundle.entry[0]'] },
      { details: { coding: [{ code: 'unmapped-resource' }] }, expression: ['Bundle.entry[1].resource'] },
    ])
  })
})

describe('the progress of a key', () => {
  const send = () => gateway.post('observation', NDJSON, lines(mixed), { 'idempotency-key': 'kept' })

  test('is kept while Kafka as a whole, the retention or an error of the code refuses everything', async () => {
    gateway.state.refused = gone
    expect((await send()).json()).toMatchObject({ accepted: 2 })
    gateway.state.refused = () => false
    gateway.state.down = true
    expect((await send()).json(), 'what is in the log counts').toMatchObject({
      code: 'partition-unavailable',
      accepted: 2,
      unavailable_indexes: [2, 3],
    })
    gateway.state.down = false
    gateway.state.near = () => true
    expect((await send()).json()).toMatchObject({ code: 'backlog-near-retention' })
    gateway.state.near = () => false
    gateway.state.broken = true
    expect((await send()).statusCode).toBe(500)
    gateway.state.broken = false
    expect((await send()).json()).toMatchObject({ accepted: 4, rejected: 1 })
    expect(await ids()).toEqual(['o-a', 'o-e', 'o-c', 'o-d'])
  })
})

test('when Kafka as a whole does not answer, nothing was accepted and the problem is that of a dependency', async () => {
  gateway.state.down = true
  const answer = (await gateway.post('observation', NDJSON, lines(mixed))).json()
  gateway.state.down = false
  expect(answer).toMatchObject({ code: 'dependency-unavailable' })
  expect(answer).not.toHaveProperty('accepted')
})

test('/health stays 200; at the admin port it names the partition', async () => {
  gateway.state.away = [{ feed: 'observation', patient: 'gone' }]
  const answer = await gateway.app.inject('/health')
  expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }])
  expect(gateway.health()).toEqual({
    status: 'ok',
    stopped: [{ feed: 'observation', partition: 0, code: 'partition-unavailable' }],
  })
  gateway.state.away = []
  expect(gateway.health()).toEqual({ status: 'ok' })
})
