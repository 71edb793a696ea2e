/** `POST /v1/hl7`: the receipt, the places of errors, idempotency by the sender's own names, scopes. */
import { expect, onTestFinished, test } from 'vitest'
import { createKey } from '#core/keys/admin.ts'
import { adt, msh, oru, PV1 } from '../decode/hl7/messages.ts'
import { harness } from '../harness.ts'

async function gateway() {
  const started = await harness()
  onTestFinished(() => started.close())
  return started
}
const OBX = 'OBX|1|NM|718-7^Hb^LN||13.5|g/dL|||||F'
const BAD = 'OBX|2|SN|2160-0^Creat^LN||<>^5||||||F'

test('a message becomes records of several feeds; what is refused is named by message, segment, field and component', async () => {
  const { post, decoded } = await gateway()
  const answer = await post(
    'hl7',
    'application/hl7-v2; charset=iso-8859-1',
    [adt('A01', PV1), oru(OBX, BAD)].join('\r'),
  )
  expect([answer.statusCode, answer.json()]).toEqual([
    202,
    {
      receipt_id: expect.stringMatching(/^rcp_/),
      feed: 'hl7',
      accepted: 3,
      rejected: 1,
      by_feed: {
        patient: { accepted: 1, rejected: 0 },
        encounter: { accepted: 1, rejected: 0 },
        observation: { accepted: 1, rejected: 1 },
      },
      errors: [
        {
          index: 1,
          feed: 'observation',
          pointer: '',
          path: 'OBX[2]-5-1',
          allowed: ['<', '<=', '>=', '>', '='],
          rule: 'unmapped-value',
          detail: expect.any(String),
        },
      ],
    },
  ])
  expect((await decoded()).map(({ record }) => record.record_id)).toEqual([
    '8000123',
    'stay/NDA77',
    'observation/FI1^LABO/58410-2/loinc/718-7/',
  ])
})

test('a rule of the contract is placed in the message, too', async () => {
  const { post } = await gateway()
  const answer = await post('hl7', 'x-application/hl7-v2+er7', oru(OBX).replace('20250201080000', ''))
  expect([answer.statusCode, answer.json<{ errors: unknown }>().errors]).toEqual([
    422,
    [expect.objectContaining({ index: 0, pointer: '/effective_at', path: 'OBX[1]-14', rule: 'required' })],
  ])
})

test('a message is known by MSH-10 and its sender: the first answer comes again, another body under its name does not', async () => {
  const { post, written } = await gateway()
  const send = (body: string) => post('hl7', 'application/hl7-v2', body)
  const first = await send(adt('A31'))
  const again = await send(adt('A31'))
  expect([again.statusCode, again.headers['idempotency-replayed'], again.body]).toEqual([202, 'true', first.body])
  expect((await send(adt('A28'))).json()).toMatchObject({ code: 'idempotency-mismatch' })
  expect((await send(adt('A28').replace('|GAM|', '|LABO|'))).statusCode).toBe(202)
  expect(written.length).toBe(2)
})

test('a batch is known by its control id, without one it is not known', async () => {
  const { post, written } = await gateway()
  const send = (header: string) => post('hl7', 'application/hl7-v2', [header, adt('A31'), 'BTS|1'].join('\r'))
  for (const header of ['BHS|^~\\&|A|B|||||||B1', 'BHS|^~\\&|A|B|||||||B1', 'BHS|^~\\&', 'BHS|^~\\&'])
    expect((await send(header)).statusCode).toBe(202)
  expect(written.length).toBe(3)
})

test('a key without the scope of a feed of the message stores nothing', async () => {
  const { post, written, folder } = await gateway()
  const { key } = createKey(folder, 'chu-test', '', { scopes: ['write:patient'] })
  const send = (body: string) => post('hl7', 'application/hl7-v2', body, { authorization: `Bearer ${key}` })
  expect([
    (await send(adt('A31'))).statusCode,
    (await send(adt('A01', PV1).replace('|MSG1|', '|MSG2|'))).json(),
  ]).toMatchObject([202, { code: 'key-scope' }])
  expect(written.length).toBe(1)
})

test.each([
  ['text/plain', adt('A31'), 415, 'unsupported-media-type'],
  ['application/hl7-v2', '{}', 400, 'malformed-body'],
  ['application/hl7-v2', 'FHS|^~\\&', 400, 'no-records'],
  ['application/hl7-v2', msh('SIU^S12'), 422, 'all-rejected'],
])('%s %.20s is %i %s', async (type, body, status, code) => {
  const { post } = await gateway()
  const answer = await post('hl7', type, body)
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code])
})

test('a message larger than a record may be is refused, and the others of its body are taken', async () => {
  const { post } = await gateway()
  const large = oru(OBX, `NTE|1||${'x'.repeat(100_000)}`)
  expect((await post('hl7', 'application/hl7-v2', [large, adt('A31')].join('\r'))).json()).toMatchObject({
    accepted: 1,
    errors: [{ index: 0, path: 'MSH[1]', rule: 'record-too-large' }],
  })
})
