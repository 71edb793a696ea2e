/** Resources without a Bundle: one at an address of its type, or NDJSON of them. What comes of each is what comes of it as an entry of a Bundle. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { harness } from '../harness.ts'

type Gateway = Awaited<ReturnType<typeof harness>>
let gateway: Gateway
beforeEach(async () => {
  gateway = await harness()
})
afterEach(() => gateway.close())

const NDJSON = 'application/fhir+ndjson'
const patient = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ type: { coding: [{ code: 'PI' }] }, value: 'IPP-1' }],
}
const condition = (id: string, more: object = {}) => ({
  resourceType: 'Condition',
  id,
  meta: { lastUpdated: '2025-03-01T10:00:00Z' },
  subject: { identifier: { value: 'IPP-1' } },
  recordedDate: '2025-03-01T09:00:00Z',
  code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'I10' }] },
  ...more,
})
const lines = (...of: readonly (object | string)[]) =>
  of.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')

function send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object | string, headers: object = {}) {
  const payload = typeof body === 'object' ? JSON.stringify(body) : body
  return gateway.app.inject({
    method,
    url: `/fhir/R4${path}`,
    headers: {
      authorization: `Bearer ${gateway.key}`,
      ...(payload === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  })
}

/** @returns the records without what depends on the time of their receipt */
async function records(of: Gateway = gateway) {
  return (await of.decoded()).map(({ topic, key, record }) => ({ topic, key, ...record, _received_at: undefined }))
}

test('a resource by POST, PUT and as a line becomes the records that it becomes in a Bundle', async () => {
  const entry = [patient, condition('c1')].map((resource) => ({ resource }))
  const bundle = await send('POST', '', { resourceType: 'Bundle', type: 'collection', entry })
  expect(bundle.json()).toMatchObject({ accepted: 2 })
  const [, expected] = await records()
  for (const answer of [
    await send('POST', '/Condition', condition('c1')),
    await send('PUT', '/Condition/c1', condition('c1')),
    await send('POST', '', lines(condition('c1')), { 'content-type': NDJSON }),
  ]) {
    expect([answer.statusCode, answer.json()]).toMatchObject([
      202,
      { feed: 'fhir', accepted: 1, rejected: 0, by_feed: { diagnosis: { accepted: 1 } } },
    ])
    expect((await records()).at(-1)).toEqual(expected)
  }
})

test('lines: references resolve to any line, and what is malformed or refused is one of them', async () => {
  const stay = condition('c2', { subject: { reference: 'Patient/p1' } })
  const refuted = condition('c3', { modifierExtension: [{ url: 'http://example.org/not' }] })
  const body = lines(stay, '', '{"resourceType":', refuted, { resourceType: 'Bundle' }, '7', patient)
  const answer = await send('POST', '', body, { 'content-type': NDJSON })
  expect([answer.statusCode, answer.json()]).toMatchObject([
    202,
    {
      accepted: 2,
      rejected: 4,
      errors: [
        { index: 1, rule: 'malformed-json', path: 'column 17' },
        { index: 2, rule: 'unsupported-modifier', path: 'Condition.modifierExtension' },
        { index: 3, rule: 'unmapped-resource' },
        { index: 4, rule: 'required' },
      ],
    },
  ])
  expect((await records())[0]).toMatchObject({ patient_ipp: 'IPP-1' })
})

test('an element is named from the resource, also by the contract', async () => {
  const wrong = condition('c1', { recordedDate: 'soon' })
  for (const answer of [
    await send('PUT', '/Condition/c1', wrong),
    await send('POST', '', lines(wrong), { 'content-type': NDJSON }),
  ])
    expect([answer.statusCode, answer.json<{ errors: { path: string }[] }>().errors[0]?.path]).toEqual([
      422,
      'Condition.recordedDate',
    ])
})

test('a client that accepts FHIR gets an OperationOutcome with the receipt, and the errors by index', async () => {
  const accept = { accept: 'application/fhir+json' }
  const stored = await send('PUT', '/Condition/c1', condition('c1'), accept)
  expect([stored.statusCode, stored.headers['content-type']]).toEqual([202, 'application/fhir+json; charset=utf-8'])
  expect(stored.json()).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', details: { coding: [{ system: 'urn:chainon:receipt' }] } }],
  })
  const body = lines(condition('c1'), condition('c2', { abatementDateTime: 5 }), condition('c3', { subject: {} }))
  const partly = await send('POST', '', body, { ...accept, 'content-type': NDJSON })
  const { issue } = partly.json<{ issue: { severity: string; diagnostics: string; expression?: string[] }[] }>()
  expect([partly.statusCode, issue.at(-1)]).toMatchObject([
    202,
    { severity: 'error', diagnostics: 'resource 2: diagnosis /patient_ipp', expression: ['Condition.subject'] },
  ])
})

test('the address and the resource say the same, or nothing is stored', async () => {
  for (const [method, path, body] of [
    ['POST', '/Condition', patient],
    ['PUT', '/Condition/other', condition('c1')],
    ['PUT', '/Condition/c1', condition('c1', { id: undefined })],
    ['PUT', '/Condition/c1', ''],
    ['POST', '/Condition', [condition('c1')]],
    ['POST', '/Condition', '{"resourceType"'],
    ['DELETE', '/Condition/c1', condition('c2')],
  ] as const) {
    const answer = await send(method, path, body)
    expect([path, answer.statusCode, answer.json()]).toMatchObject([path, 400, { code: 'malformed-body' }])
  }
  expect((await send('POST', '/Claim', { resourceType: 'Claim' })).statusCode).toBe(404)
  expect((await send('PUT', '/Condition', condition('c1'))).headers.allow).toBe('POST')
  expect(gateway.written).toEqual([])
})

test('DELETE cancels the record of the address, or all of the resource that it has', async () => {
  expect((await send('DELETE', '/Condition/c1')).json()).toMatchObject({ accepted: 1 })
  expect((await send('DELETE', '/Patient/p1', patient)).json()).toMatchObject({ accepted: 1 })
  expect(await records()).toMatchObject([
    { record_id: 'c1', operation: 'cancel' },
    { patient_ipp: 'IPP-1', operation: 'cancel' },
  ])
  const answer = await send('DELETE', '/Patient/p1')
  expect([answer.statusCode, answer.json()]).toMatchObject([422, { errors: [{ rule: 'delete-needs-resource' }] }])
})

test('a resource sent again with its key is stored once; the same key for another method is a mismatch', async () => {
  const key = { 'idempotency-key': 'k' }
  const first = await send('PUT', '/Condition/c1', condition('c1'), key)
  const again = await send('PUT', '/Condition/c1', condition('c1'), key)
  expect([again.json(), again.headers['idempotency-replayed']]).toEqual([first.json(), 'true'])
  expect(gateway.written).toHaveLength(1)
  expect((await send('DELETE', '/Condition/c1', condition('c1'), key)).json()).toMatchObject({
    code: 'idempotency-mismatch',
  })
})
