import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { avroFile } from '../avro-file.ts'
import { harness, observation } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness()
})
afterAll(() => gateway.close())

const NDJSON = 'application/x-ndjson'
const AVRO = 'application/vnd.apache.avro+binary'

function errorsOf(body: string) {
  return (JSON.parse(body).errors as { index: number; pointer: string; rule: string }[]).map(
    ({ index, pointer, rule }) => [index, pointer, rule],
  )
}

const SCHEMA = {
  type: 'record',
  name: 'Theirs',
  namespace: 'fr.chu',
  fields: [
    { name: 'record_id', type: ['null', 'string'] },
    { name: 'patient_ipp', type: 'string' },
    { name: 'code_system', type: { type: 'enum', name: 'System', symbols: ['loinc', 'nabm'] } },
    { name: 'code', type: 'string' },
    { name: 'effective_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'value_number', type: ['null', 'float'] },
  ],
}
const avroRecord = {
  record_id: 'a-1',
  patient_ipp: '8000',
  code_system: 'loinc',
  code: '718-7',
  effective_at: 1_700_000_000_000,
  value_number: 2.5,
}

describe('valid records', () => {
  test('each media type, plain, gzip and zstd, is accepted and reads back as it was sent', async () => {
    const sent: [string, string | Buffer, number][] = [
      ['application/json', JSON.stringify(observation('j')), 1],
      [
        'application/json; charset=utf-8',
        `\ufeff [ ${JSON.stringify(observation('j1'))} , ${JSON.stringify(observation('j2'))} ]\n`,
        2,
      ],
      [NDJSON, `\ufeff${JSON.stringify(observation('n1'))}\r\n\r\n  \n${JSON.stringify(observation('n2'))}`, 2],
      ['application/ndjson', `${JSON.stringify(observation('n3'))}\n`, 1],
      [AVRO, avroFile([avroRecord], SCHEMA), 1],
      ['avro/binary', avroFile([avroRecord, avroRecord], SCHEMA, 'deflate'), 2],
    ]
    for (const [type, body, count] of sent) {
      for (const encoding of ['', 'gzip', 'zstd']) {
        const before = gateway.written.length
        const answer = await gateway.post(
          'observation',
          type,
          encoding === 'gzip' ? gzipSync(body) : encoding === 'zstd' ? zstdCompressSync(body) : body,
          encoding ? { 'content-encoding': encoding } : {},
        )
        expect([answer.statusCode, type]).toEqual([202, type])
        expect(answer.json()).toMatchObject({ feed: 'observation', accepted: count, rejected: 0, errors: [] })
        expect(gateway.written.length - before).toBe(count)
      }
    }
    const last = (await gateway.decoded()).at(-1)
    expect(last?.topic).toBe('u.identified.observation')
    expect(last?.record).toMatchObject({ ...avroRecord, value_number: 2.5, _producer: 'chu-test', operation: 'upsert' })
    expect(last?.key).not.toContain('8000')
  })

  test('valid records of a request are accepted although others are not; those are named by index, field and rule', async () => {
    const lines = [
      JSON.stringify(observation(0)),
      '{"record_id": "cut',
      JSON.stringify(observation(2, { effective_at: '2024-02-30T00:00:00Z' })),
      JSON.stringify(observation(3, { nom_du_patient: 'DUPONT' })),
      JSON.stringify({ ...observation(4), patient_ipp: undefined }),
      JSON.stringify(observation(5, { value_number: 'DUPONT' })),
      '[1,2]',
      JSON.stringify(observation(7)).replace('13.5', '1e999'),
      JSON.stringify(observation(8, { code: '\ud800' })),
      JSON.stringify(observation(9, { comment: 'x'.repeat(5000) })),
      `${JSON.stringify(observation(10)).slice(0, -1)}, "__proto__": {"code": "x"}}`,
      '['.repeat(50_000),
      JSON.stringify(observation(12)).replace('718-7', '\u0000'),
      JSON.stringify(observation(13, { code_system: 'LOINC' })),
      JSON.stringify(observation(14)),
    ]
    const answer = await gateway.post('observation', NDJSON, lines.join('\n'))
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toMatchObject({ accepted: 2, rejected: 13 })
    expect(errorsOf(answer.body)).toEqual([
      [1, '', 'malformed-json'],
      [2, '/effective_at', 'timestamp'],
      [3, '', 'unknown-field'],
      [4, '/patient_ipp', 'required'],
      [5, '/value_number', 'type'],
      [6, '', 'not-an-object'],
      [7, '/value_number', 'number-range'],
      [8, '/code', 'type'],
      [9, '/comment', 'max-length'],
      [10, '', 'unknown-field'],
      [11, '', 'malformed-json'],
      [12, '', 'malformed-json'],
      [13, '/code_system', 'enum'],
    ])
    expect(answer.body).not.toContain('DUPONT')
  })

  test('a record that de-identification would refuse is rejected at once, by field and guard, without its value', async () => {
    const nir = 185056912345642
    const lines = [
      observation(0, { record_version: nir }),
      observation(1, { record_version: 8_000_123, patient_ipp: '8000123' }),
      observation(2, { effective_at: '2999-01-01T00:00:00Z' }),
      // Withheld later: the record keeps its other values.
      observation(3, { code: 'DUPONT Jean' }),
    ]
    const answer = await gateway.post('observation', NDJSON, lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toMatchObject({ accepted: 1, rejected: 3 })
    expect(errorsOf(answer.body)).toEqual([
      [0, '/record_version', 'guard-record-version'],
      [1, '/record_version', 'guard-record-version'],
      [2, '/effective_at', 'guard-effective-at'],
      [2, '/effective_at', 'not-in-future'],
    ])
    expect(answer.json().errors[0].detail).toContain('could hold the name or the number of a person')
    expect(answer.body).not.toMatch(/185056|8000123|2999|DUPONT/)
  })

  test('the last one of repeated members counts', async () => {
    await gateway.post(
      'observation',
      NDJSON,
      JSON.stringify(observation('d')).replace('"code":"718-7"', '"code":"1","code":"2345-7"'),
    )
    expect((await gateway.decoded()).at(-1)?.record.code).toBe('2345-7')
  })

  test('records of one patient have one key, those of another patient or producer another', async () => {
    const before = gateway.written.length
    await gateway.post(
      'observation',
      NDJSON,
      ['a', 'a', 'b'].map((ipp, i) => JSON.stringify(observation(i, { patient_ipp: ipp }))).join('\n'),
    )
    const [a, again, b] = gateway.written.slice(before).map(({ message }) => message.key)
    expect(a).toBe(again)
    expect(a).not.toBe(b)
  })

  test('errors are listed up to 1000 and counted exactly', async () => {
    const answer = await gateway.post('observation', NDJSON, `${'{}\n'.repeat(1500)}${JSON.stringify(observation(1))}`)
    expect(answer.json()).toMatchObject({ accepted: 1, rejected: 1500, truncated: true })
    expect(answer.json().errors).toHaveLength(1000)
  })
})

describe('requests that are rejected', () => {
  const cases: [string, string, string, string | Buffer, Record<string, string>, number, string][] = [
    ['no record at all', 'observation', NDJSON, '\n \r\n', {}, 400, 'no-records'],
    ['an empty array', 'observation', 'application/json', ' [ ] ', {}, 400, 'no-records'],
    ['an empty body', 'observation', 'application/json', '', {}, 400, 'no-records'],
    ['only invalid records', 'observation', NDJSON, '{}\n[]', {}, 422, 'all-rejected'],
    ['broken JSON', 'observation', 'application/json', '{"record_id":', {}, 400, 'malformed-body'],
    ['a broken array', 'observation', 'application/json', '[{},]', {}, 400, 'malformed-body'],
    ['two arrays', 'observation', 'application/json', '[{}][{}]', {}, 400, 'malformed-body'],
    ['an unclosed string', 'observation', 'application/json', '[{"a":"]', {}, 400, 'malformed-body'],
    ['not UTF-8', 'observation', 'application/json', Buffer.from([0x7b, 0xff, 0x7d]), {}, 400, 'malformed-body'],
    ['an unknown feed', 'nothing', NDJSON, '{}', {}, 404, 'unknown-feed'],
    ['a feed named like a member of Object', '__proto__', NDJSON, '{}', {}, 404, 'unknown-feed'],
    ['Parquet', 'observation', 'application/vnd.apache.parquet', 'PAR1', {}, 415, 'unsupported-media-type'],
    ['another media type', 'observation', 'text/csv', 'a,b', {}, 415, 'unsupported-media-type'],
    ['another charset', 'observation', 'application/json; charset=latin1', '{}', {}, 415, 'unsupported-media-type'],
    ['another encoding', 'observation', NDJSON, '{}', { 'content-encoding': 'br' }, 415, 'unsupported-encoding'],
    [
      'gzip that is cut',
      'observation',
      NDJSON,
      gzipSync('{}\n'.repeat(999)).subarray(0, 20),
      { 'content-encoding': 'gzip' },
      400,
      'truncated-gzip',
    ],
    ['gzip that is none', 'observation', NDJSON, '{}', { 'content-encoding': 'gzip' }, 400, 'truncated-gzip'],
    ['zstd that is none', 'observation', NDJSON, '{}', { 'content-encoding': 'zstd' }, 400, 'truncated-zstd'],
    [
      'a zstd bomb',
      'observation',
      NDJSON,
      zstdCompressSync(Buffer.alloc(50_000_000, ' ')),
      { 'content-encoding': 'zstd' },
      413,
      'body-too-large',
    ],
    [
      'a gzip bomb',
      'observation',
      NDJSON,
      gzipSync(Buffer.alloc(50_000_000, ' ')),
      { 'content-encoding': 'gzip' },
      413,
      'body-too-large',
    ],
    ['a large body', 'observation', NDJSON, Buffer.alloc(1_000_001, ' '), {}, 413, 'body-too-large'],
    ['too many records', 'observation', NDJSON, '{}\n'.repeat(2001), {}, 413, 'too-many-records'],
    ['a record that is too large', 'document', NDJSON, `{"text":"${'x'.repeat(120_000)}"}`, {}, 422, 'all-rejected'],
    ['Avro that is none', 'observation', AVRO, 'Obj\u0001', {}, 400, 'malformed-body'],
    [
      'Avro cut in a record',
      'observation',
      AVRO,
      avroFile([avroRecord], SCHEMA).subarray(0, -20),
      {},
      400,
      'malformed-body',
    ],
    [
      'a foreign schema',
      'observation',
      AVRO,
      avroFile([{ a: 1 }], { type: 'record', name: 'X', fields: [{ name: 'a', type: 'int' }] }),
      {},
      422,
      'foreign-schema',
    ],
    ['an Avro bomb', 'document', AVRO, avroBomb(), {}, 413, 'body-too-large'],
    [
      'a wrong key',
      'observation',
      NDJSON,
      '{}',
      { authorization: `Bearer chn_000000000000_${'A'.repeat(43)}` },
      401,
      'wrong-key',
    ],
    ['no key', 'observation', NDJSON, '{}', { authorization: '' }, 401, 'missing-key'],
    ['an empty idempotency key', 'observation', NDJSON, '{}', { 'idempotency-key': '' }, 400, 'bad-idempotency-key'],
    ['no Bundle', 'fhir', 'application/fhir+json', '{"resourceType":"Patient"}', {}, 400, 'malformed-body'],
    [
      'a Bundle of another type',
      'fhir',
      'application/fhir+json',
      '{"resourceType":"Bundle","type":"history"}',
      {},
      400,
      'malformed-body',
    ],
  ]

  test.each(cases)('%s', async (_name, feed, type, body, headers, status, code) => {
    const answer = await gateway.post(feed, type, body, headers)
    expect([answer.statusCode, answer.json().code]).toEqual([status, code])
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({
      type: `urn:chainon:problem:${code}`,
      status,
      title: expect.any(String),
      detail: expect.any(String),
    })
  })

  test('a foreign schema names each field that does not fit, timestamps in microseconds too', async () => {
    const fields = SCHEMA.fields.map((field) =>
      field.name === 'effective_at'
        ? { name: field.name, type: { type: 'long', logicalType: 'timestamp-micros' } }
        : field,
    )
    const answer = await gateway.post(
      'observation',
      AVRO,
      avroFile([avroRecord], {
        ...SCHEMA,
        fields: [...fields.filter(({ name }) => name !== 'code'), { name: 'extra', type: 'string', default: '' }],
      }).subarray(0),
    )
    expect(answer.json().detail).toMatch(
      /'effective_at' cannot be read as timestamp.*fields that are not in the feed: 1.*'code' is missing/,
    )
  })

  test('paths and methods', async () => {
    for (const [method, url, status] of [
      ['GET', '/v1/feeds/observation/records', 405],
      ['DELETE', '/fhir/R4', 405],
      ['POST', '/nowhere', 404],
      ['GET', '/%E0%A4%A', 404],
    ] as const) {
      const answer = await gateway.app.inject({ method, url, payload: method === 'POST' ? 'x' : '' })
      expect([url, answer.statusCode]).toEqual([url, status])
      expect(answer.headers['content-type']).toContain('problem+json')
    }
  })

  test('without Kafka the answer is 503 with Retry-After, and says that sending again is safe', async () => {
    gateway.state.down = true
    const answer = await gateway.post('observation', NDJSON, JSON.stringify(observation(1)))
    gateway.state.down = false
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'dependency-unavailable'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(answer.json().detail).toContain('safe')
  })

  test('a feed near its retention is answered 503, nothing is written, and an earlier answer is still repeated', async () => {
    const send = (feed: string, key?: string) =>
      gateway.post(feed, NDJSON, JSON.stringify(observation(7)), key ? { 'idempotency-key': key } : {})
    const first = await send('observation', 'before')
    gateway.state.near = (feed) => feed === 'observation'
    const written = gateway.written.length
    const answer = await send('observation')
    const repeated = await send('observation', 'before')
    const rejected = await send('observation', 'later')
    gateway.state.near = () => false
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'backlog-near-retention'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(gateway.written.length).toBe(written)
    expect(repeated.json(), 'these records are in the log').toEqual(first.json())
    expect(rejected.statusCode).toBe(503)
    expect((await send('observation', 'later')).statusCode, 'a 503 frees the key').toBe(202)
  })

  test('a FHIR client gets an OperationOutcome', async () => {
    const answer = await gateway.post('fhir', 'application/fhir+json', '{}', { accept: 'application/fhir+json' })
    expect(answer.statusCode).toBe(400)
    expect(answer.headers['content-type']).toContain('application/fhir+json')
    expect(answer.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'invalid' }],
    })
  })
})

function avroBomb(): Buffer {
  const schema = {
    type: 'record',
    name: 'D',
    fields: ['record_id', 'patient_ipp', 'kind_system', 'kind', 'text']
      .map((name) => ({ name, type: 'string' }))
      .concat([{ name: 'authored_at', type: 'long' }]),
  }
  return avroFile(
    [
      {
        record_id: 'a',
        patient_ipp: 'b',
        kind_system: 'loinc',
        kind: 'c',
        text: ' '.repeat(20_000_000),
        authored_at: 0,
      },
    ],
    schema,
    'deflate',
  )
}
