/** The gateway against real Kafka, registry and Redis: a record that the receipt counts is stored, and reads back as it was sent. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { createKey, revokeKey } from '#core/keys/admin.ts'
import { dicomFile, slice } from '../helpers/dicom-file.ts'
import { type GatewayProcess, runToEnd, startGateway } from '../helpers/gateway.ts'
import { announceDayKeys } from '../helpers/sealed.ts'
import { isolated } from '../helpers/servers.ts'
import { avroContainer, bytesToSocket, storedRecords } from './helpers/gateway-reads.ts'
import { pullCases } from './helpers/pull-cases.ts'

const contracts = loadContracts(fileURLToPath(new URL('../../schemas/feeds', import.meta.url)))
const NDJSON = 'application/x-ndjson'
const JSON_TYPE = 'application/json'

const place = isolated()
const env = {
  ...place.env,
  CHAINON_MAX_BODY_BYTES: '4000000',
  CHAINON_MAX_INFLIGHT_BYTES: '36000000',
  CHAINON_MAX_RECORDS_PER_REQUEST: '20000',
}
let gateway: GatewayProcess
let key = ''

beforeAll(async () => {
  const provisioned = await runToEnd('services/provision/main.ts', [], env)
  expect([provisioned.status, provisioned.status === 0 ? '' : provisioned.stderr]).toEqual([0, ''])
  key = createKey(place.folder, 'chu-test', '').key
  await announceDayKeys(env, place.namespace)
  gateway = await startGateway(env)
})

afterAll(async () => {
  const status = await gateway.stop()
  place.remove()
  expect(status).toBe(0)
})

function post(
  feed: string,
  type: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${gateway.url}${feed === 'fhir' ? '/fhir/R4' : `/v1/feeds/${feed}/records`}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type, ...headers },
    body: typeof body === 'string' ? body : Buffer.from(body),
  })
}

function observation(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    record_id: id,
    patient_ipp: '8000123',
    code_system: 'loinc',
    code: '718-7',
    effective_at: '2024-05-06T07:08:09.123+02:00',
    value_number: 13.5,
    ...more,
  }
}

const stored = (feed: string) => storedRecords(env, place.namespace, feed)

test('each media type is stored, and Kafka has what was sent', async () => {
  const schema = {
    type: 'record',
    name: 'O',
    fields: [
      ...['record_id', 'patient_ipp', 'code_system', 'code'].map((name) => ({ name, type: 'string' })),
      { name: 'effective_at', type: 'long' },
      { name: 'value_number', type: ['null', 'double'] },
    ],
  }
  const avro = await avroContainer(schema, [{ ...observation('avro-1'), effective_at: 1_700_000_000_123 }])
  const bodies: [string, string | Uint8Array, Record<string, string>][] = [
    [JSON_TYPE, JSON.stringify(observation('json-1')), {}],
    [JSON_TYPE, JSON.stringify([observation('json-2'), observation('json-3', { patient_ipp: 'é𝄞' })]), {}],
    [NDJSON, `${JSON.stringify(observation('nd-1'))}\r\n\n${JSON.stringify(observation('nd-2'))}`, {}],
    [NDJSON, gzipSync(JSON.stringify(observation('gz-1'))), { 'content-encoding': 'gzip' }],
    ['application/vnd.apache.avro+binary', avro, {}],
  ]
  for (const [type, body, headers] of bodies) {
    const answer = await post('observation', type, body, headers)
    expect([type, answer.status]).toEqual([type, 202])
    const receipt = (await answer.json()) as Record<string, unknown>
    expect(receipt).toMatchObject({
      receipt_id: expect.stringMatching(/^rcp_/),
      feed: 'observation',
      rejected: 0,
      errors: [],
    })
  }
  const found = await stored('observation')
  const byId = new Map(found.map((message) => [message.record?.record_id, message]))
  expect(byId.size).toBe(7)
  expect([...byId.keys()]).toEqual(
    expect.arrayContaining(['avro-1', 'gz-1', 'json-1', 'json-2', 'json-3', 'nd-1', 'nd-2']),
  )
  expect(byId.get('json-1')?.record).toMatchObject({
    patient_ipp: '8000123',
    code: '718-7',
    effective_at: Date.parse('2024-05-06T05:08:09.123Z'),
    value_number: 13.5,
    value_unit: null,
    operation: 'upsert',
    _producer: 'chu-test',
  })
  expect(byId.get('json-3')?.record?.patient_ipp).toBe('é𝄞')
  expect(byId.get('avro-1')?.record?.effective_at).toBe(1_700_000_000_123)
  const received = Number(byId.get('json-1')?.record?._received_at)
  expect(Math.abs(Date.now() - received / 1000)).toBeLessThan(60_000)
  expect(byId.get('json-1')?.key).toBe(byId.get('nd-2')?.key)
  expect(byId.get('json-1')?.key).not.toContain('8000123')
})

test('files of DICOM are stored without their pixels, one or as the parts of a store transaction', async () => {
  const send = (path: string, type: string, body: Buffer) =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': type, accept: 'application/dicom+json' },
      body: new Uint8Array(body),
    })
  const file = (id: string) => dicomFile(slice({ '(0008,0018)': ['UI', id] }))
  const head = Buffer.from('--x\r\nContent-Type: application/dicom\r\n\r\n')
  const parts = Buffer.concat([head, file('1.2.4'), Buffer.from('\r\n'), head, file('1.2.5'), Buffer.from('\r\n--x--')])
  expect((await send('/v1/dicom', 'application/dicom', file('1.2.3'))).status).toBe(202)
  const type = 'multipart/related; type="application/dicom"; boundary=x'
  const answer = await send('/dicomweb/studies', type, parts)
  expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([200, ['00081199']])
  const found = (await stored('imaging')).map(({ record }) => record)
  expect(found.map((record) => String(record?.record_id)).toSorted()).toEqual(['1.2.3', '1.2.4', '1.2.5'])
  expect(found[0]).toMatchObject({
    patient_ipp: '8000123',
    modality: 'CT',
    acquired_at: Date.parse('2025-02-01T07:01:02.123Z'),
  })
})

test("a patient's records keep their order, over many requests at once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, request) =>
      post(
        'diagnosis',
        NDJSON,
        Array.from({ length: 300 }, (_unused, i) =>
          JSON.stringify({
            record_id: `${request}-${i}`,
            patient_ipp: `p${request}`,
            code_system: 'cim10',
            kind: 'other',
            code: 'E119',
            recorded_at: '2024-01-01T00:00:00Z',
          }),
        ).join('\n'),
      ),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202))
  const found = await stored('diagnosis')
  expect(found).toHaveLength(6000)
  for (let request = 0; request < 20; request++) {
    const own = found.filter(({ record }) => record?.patient_ipp === `p${request}`)
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
    expect(own.map(({ record }) => record?.record_id)).toEqual(Array.from({ length: 300 }, (_, i) => `${request}-${i}`))
  }
})

test('a Bundle becomes records of several feeds', async () => {
  const subject = { reference: 'urn:uuid:1' }
  const entry = [
    {
      fullUrl: 'urn:uuid:1',
      resource: { resourceType: 'Patient', id: 'x', birthDate: '1950-01-02', deceasedDateTime: '2024-02-03' },
    },
    {
      resource: {
        resourceType: 'Observation',
        id: 'bp',
        subject,
        effectiveDateTime: '2024-01-01',
        code: { coding: [{ code: '85354-9' }] },
        component: [{ code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 120 } }],
      },
    },
    { resource: { resourceType: 'Organization', id: 'o' } },
  ]
  const answer = await post(
    'fhir',
    'application/fhir+json',
    JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }),
  )
  expect(await answer.json()).toMatchObject({
    accepted: 3,
    rejected: 1,
    by_feed: { patient: { accepted: 1 }, death: { accepted: 1 }, observation: { accepted: 1 } },
    errors: [{ index: 2, rule: 'unmapped-resource' }],
  })
  expect((await stored('death')).map(({ record }) => record?.patient_ipp)).toEqual(['x'])
})

describe('Idempotency-Key', () => {
  const send = (name: string, id: string, feed = 'procedure') =>
    post(
      feed,
      NDJSON,
      JSON.stringify({
        record_id: id,
        patient_ipp: 'p',
        code_system: 'ccam',
        code: 'HHFA016',
        performed_at: '2024-01-01T00:00:00Z',
      }),
      { 'idempotency-key': name },
    )

  test('the same request gets the first answer again and is stored once; another body is rejected', async () => {
    const first = await send('key-1', 'a')
    const again = await send('key-1', 'a')
    expect([
      first.status,
      again.status,
      first.headers.get('idempotency-replayed'),
      again.headers.get('idempotency-replayed'),
    ]).toEqual([202, 202, null, 'true'])
    expect(await again.text()).toBe(await first.text())
    const other = await send('key-1', 'b')
    expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([422, 'idempotency-mismatch'])
    expect((await stored('procedure')).map(({ record }) => record?.record_id)).toEqual(['a'])
  })

  test('of many at once one is accepted; the others are answered 409 or get its answer', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('key-2', 'c')))
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true)
    expect(
      answers.filter((answer) => answer.status === 202 && !answer.headers.has('idempotency-replayed')),
    ).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status === 409))
      expect(answer.headers.get('retry-after')).toBeTruthy()
    expect((await stored('procedure')).filter(({ record }) => record?.record_id === 'c')).toHaveLength(1)
  })

  test('a request that could not be read frees its key; one whose records were all rejected has its answer stored', async () => {
    const bad = () => post('procedure', JSON_TYPE, '{', { 'idempotency-key': 'key-3' })
    expect([(await bad()).status, (await bad()).status]).toEqual([400, 400])
    const rejected = () => post('procedure', NDJSON, '{}', { 'idempotency-key': 'key-4' })
    expect([(await rejected()).status, (await rejected()).headers.get('idempotency-replayed')]).toEqual([422, 'true'])
  })
})

test('beyond the bytes in flight: 429 with Retry-After for some, and every 202 is stored', async () => {
  const before = (await stored('medication')).length
  const body = (request: number) =>
    Array.from({ length: 9000 }, (_, i) =>
      JSON.stringify({
        record_id: `${request}-${i}`,
        patient_ipp: `p${i % 50}`,
        kind: 'request',
        code_system: 'atc',
        code: 'N02BE01',
        started_at: '2024-01-01T00:00:00Z',
        dosage_text: 'x'.repeat(200),
      }),
    ).join('\n')
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, request) => post('medication', NDJSON, body(request))),
  )
  const busy = answers.filter(({ status }) => status === 429)
  const accepted = answers.filter(({ status }) => status === 202)
  expect([busy.length > 0, accepted.length > 0, busy.length + accepted.length]).toEqual([true, true, 8])
  for (const answer of busy) expect(answer.headers.get('retry-after')).toBe('1')
  expect((await stored('medication')).length - before).toBe(accepted.length * 9000)
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/chainon_gateway_inflight_bytes\S* 0\n/)
})

test('a revoked key is rejected within a second', async () => {
  const other = createKey(place.folder, 'chu-gone', '')
  await expect
    .poll(async () => (await post('observation', NDJSON, '{}', { authorization: '', 'x-api-key': other.key })).status, {
      timeout: 3000,
    })
    .toBe(422)
  revokeKey(place.folder, other.id)
  await expect
    .poll(async () => (await post('observation', NDJSON, '{}', { authorization: `Bearer ${other.key}` })).status, {
      timeout: 3000,
    })
    .toBe(401)
})

test('no request of any bytes is answered 5xx', async () => {
  const types = [
    JSON_TYPE,
    NDJSON,
    'application/avro',
    'application/fhir+json',
    'x/y',
    'application/json; charset=utf-16',
  ]
  const feeds = [...contracts.map(({ feed }) => feed), 'fhir', 'none']
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.json().map((text) => Buffer.from(text)),
        fc.json().map((text) => gzipSync(text)),
        fc.json().map((text) => gzipSync(text).subarray(0, 15)),
      ),
      fc.constantFrom(...types),
      fc.constantFrom(...feeds),
      fc.constantFrom('identity', 'gzip', 'deflate'),
      async (bytes, type, feed, encoding) => {
        const answer = await post(feed, type, bytes, { 'content-encoding': encoding })
        expect(answer.status).toBeLessThan(500)
        await answer.arrayBuffer()
      },
    ),
    { numRuns: 200 },
  )
  const { port } = new URL(gateway.url)
  for (const bytes of [
    '\u0000\u0001\u0002\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`,
    'POST /fhir/R4 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  ]) {
    expect(await bytesToSocket(Number(port), bytes)).toMatch(/^HTTP\/1.1 4\d\d /)
  }
})

test('chainon push sends a file, continues after what was sent, and its log contains no value', async () => {
  const file = join(place.folder, 'notes.ndjson')
  const document = (id: number, more = {}) =>
    JSON.stringify({
      record_id: `d-${id}`,
      patient_ipp: 'p',
      kind_system: 'loinc',
      kind: '34117-2',
      authored_at: '2024-01-01T00:00:00Z',
      text: 'Zxq9Canary',
      ...more,
    })
  writeFileSync(
    file,
    [...Array.from({ length: 250 }, (_, i) => document(i)), document(250, { authored_at: 'Zxq9Canary' })].join('\n'),
  )
  const args = [
    'push',
    'document',
    file,
    '--url',
    gateway.url,
    '--key',
    key,
    '--batch-records',
    '100',
    '--no-wait',
    '--json',
  ]
  const push = (more: string[] = []) =>
    runToEnd('services/cli/chainon.mjs', [...args, ...more], { ...env, CHAINON_DATA_DIR: place.folder })
  const first = await push()
  expect([first.status, JSON.parse(first.stdout)]).toEqual([1, [{ file, accepted: 250, rejected: 1 }]])
  expect(first.stderr).toContain(`${file}:251  /authored_at  timestamp`)
  const second = await push()
  const third = await push(['--restart'])
  for (const again of [second, third]) expect(JSON.parse(again.stdout)).toEqual([{ file, accepted: 250, rejected: 1 }])
  expect(await stored('document')).toHaveLength(250)
  expect(first.stdout + first.stderr + gateway.log()).not.toContain('Zxq9Canary')
})

pullCases(() => ({ env, key, folder: place.folder, namespace: place.namespace, url: gateway.url }))

test('a gateway whose routing key is missing, or is another one, does not start, until the command has replaced the key', async () => {
  const elsewhere = join(place.folder, 'elsewhere')
  const secrets = join(elsewhere, 'secrets')
  const other = { ...env, CHAINON_DATA_DIR: elsewhere, CHAINON_SECRETS_DIR: secrets, CHAINON_HTTP_PORT: '0' }
  const ends = async (where: Readonly<Record<string, string>>) => {
    const { status, stderr } = await runToEnd('services/gateway/main.ts', [], { ...where, CHAINON_HTTP_PORT: '0' })
    return [status, /The key gateway\/routing\.key is \w+/.exec(stderr)?.[0]]
  }
  expect(await ends(other)).toEqual([78, 'The key gateway/routing.key is missing'])
  expect(existsSync(join(secrets, 'routing.key'))).toBe(false)
  loadOrCreateSecret(secrets, 'routing.key')
  expect(await ends(other)).toEqual([78, 'The key gateway/routing.key is not'])
  const survey = () => runToEnd('services/gateway/rotate/main.ts', ['survey', '--json'], other)
  const before = await survey()
  expect([before.status, JSON.parse(before.stdout)]).toMatchObject([1, { version: 1 }])
  const replaced = await runToEnd('services/gateway/rotate/main.ts', ['rotate', '--json'], other)
  expect([replaced.status, JSON.parse(replaced.stdout)]).toMatchObject([0, { version: 2 }])
  expect((await survey()).status).toBe(0)
  expect(await ends(env)).toEqual([78, 'The key gateway/routing.key is not'])
  const again = await startGateway(other)
  expect(await again.stop()).toBe(0)
})
