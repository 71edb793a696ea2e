/** No request of any content is answered 5xx, and no answer or metric contains a value that was sent. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contracts, harness, observation } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
beforeAll(async () => {
  gateway = await harness({ maxInFlightBytes: 100_000_000 })
})
afterAll(() => gateway.close())

const CANARY = 'Zxq9CanaryWjk'
const TYPES = [
  'application/json',
  'application/x-ndjson',
  'application/vnd.apache.avro+binary',
  'application/fhir+json',
  'text/plain',
  '',
  'application/json; charset="',
]
const FEEDS = [...contracts.map(({ feed }) => feed), 'fhir', 'no-such-feed']
const KNOWN = [202, 400, 404, 413, 415, 422]

test('any bytes, under any media type', async () => {
  const magic = Buffer.from('Obj\u0001', 'latin1')
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([magic, bytes])),
    fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
  )
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.constantFrom(...TYPES),
      fc.constantFrom(...FEEDS),
      fc.constantFrom('', 'gzip', 'real', 'x'),
      async (bytes, type, feed, encoding) => {
        const payload = encoding === 'real' ? gzipSync(bytes) : bytes
        const headers = encoding === '' ? {} : { 'content-encoding': encoding === 'real' ? 'gzip' : encoding }
        const answer = await gateway.post(feed, type, payload, headers as Record<string, string>)
        expect(KNOWN).toContain(answer.statusCode)
      },
    ),
    { numRuns: 500 },
  )
})

/** JSON that looks like a record: known field names with values of every kind, the canary among them. */
const value = fc.oneof(
  fc.constant(CANARY),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    '2024-02-30',
    '2024-02-29',
    '0000-00-00T00:00:00Z',
    '9999-12-31T23:59:59+14:00',
    '',
    '\u0000',
    '\ud800',
    1e308,
    -0,
    2 ** 53,
    null,
  ),
  fc.array(fc.constant(CANARY)),
)
const names = fc.constantFrom(
  ...contracts.flatMap((contract) => contract.fields.map(({ name }) => name)),
  '__proto__',
  'constructor',
  'toString',
  `${CANARY} name`,
  '',
)

test('any JSON under a feed: valid lines of the same request are accepted, and no answer contains a value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(names, value, { maxKeys: 12 }), { maxLength: 8 }), async (records) => {
      const lines = [...records.map((record) => JSON.stringify(record)), JSON.stringify(observation('good'))]
      const answer = await gateway.post('observation', 'application/x-ndjson', lines.join('\n'))
      expect(answer.statusCode).toBe(202)
      const { accepted, rejected } = answer.json()
      expect(accepted + rejected).toBe(lines.length)
      expect(answer.body).not.toContain(CANARY)
    }),
    { numRuns: 300 },
  )
  expect(await gateway.metrics.scrape()).not.toContain(CANARY)
})

test('the answer to a rejected record never contains its values, field by field', async () => {
  for (const contract of contracts) {
    for (const field of contract.fields) {
      for (const bad of [CANARY, { [CANARY]: CANARY }, [CANARY], CANARY.repeat(10_000)]) {
        const answer = await gateway.post(
          contract.feed,
          'application/json',
          JSON.stringify({ [field.name]: bad }).slice(0, 900_000),
        )
        expect([400, 422]).toContain(answer.statusCode)
        expect(answer.body).not.toContain(CANARY)
      }
    }
  }
})

test('any JSON in the place of any element of a Bundle', async () => {
  const types = [
    'Patient',
    'Encounter',
    'Condition',
    'Procedure',
    'Observation',
    'MedicationRequest',
    'MedicationAdministration',
    'DocumentReference',
    'Claim',
  ]
  const members = [
    'id',
    'meta',
    'identifier',
    'subject',
    'encounter',
    'code',
    'type',
    'class',
    'period',
    'name',
    'birthDate',
    'extension',
    'contained',
    'component',
    'content',
    'context',
    'dosageInstruction',
    'performer',
    'medicationReference',
    'effectiveDateTime',
    'authoredOn',
    'date',
    'valueQuantity',
    'status',
    'deceasedDateTime',
    'address',
    'telecom',
  ]
  const node: fc.Memo<unknown> = fc.memo((depth) =>
    depth <= 1
      ? value
      : fc.oneof(
          value,
          fc.array(node(), { maxLength: 2 }),
          fc.dictionary(
            fc.constantFrom(
              'coding',
              'code',
              'system',
              'value',
              'reference',
              'start',
              'extension',
              'attachment',
              'data',
              'contentType',
              'doseAndRate',
              'text',
              'url',
            ),
            node(),
            { maxKeys: 4 },
          ),
        ),
  )
  const resource = fc
    .tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...members), node(3), { maxKeys: 10 }))
    .map(([resourceType, rest]) => ({ resource: { ...rest, resourceType } }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(resource, value), { maxLength: 6 }), async (entry) => {
      const answer = await gateway.post(
        'fhir',
        'application/fhir+json',
        JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
      )
      expect(KNOWN).toContain(answer.statusCode)
      expect(answer.body).not.toContain(CANARY)
    }),
    { numRuns: 500 },
  )
})
