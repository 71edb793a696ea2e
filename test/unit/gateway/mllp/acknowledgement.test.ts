/** Acknowledgements in the original and the enhanced mode, and in the form of each version. */
import { expect, test } from 'vitest'
import { headerSegment } from '../../../../services/gateway/decode/hl7/header.ts'
import { acknowledgements } from '../../../../services/gateway/mllp/acknowledgement.ts'
import { type Outcome, outcomeOf, outcomeOfProblem } from '../../../../services/gateway/mllp/outcome.ts'

const NOW = Date.parse('2025-03-01T12:00:00.123Z')
const OK: Outcome = { code: 'AA', errors: [] }
const error = (location?: string) => ({
  ...(location === undefined ? {} : { location }),
  condition: '101',
  severity: 'E' as const,
  text: 'required: The field is required.',
})

function sent(header: string, outcome: Outcome): readonly string[] {
  return acknowledgements(headerSegment(Buffer.from(header, 'latin1')), outcome, NOW, 'ID').map((one) =>
    one.toString('latin1'),
  )
}
const header = (version = '2.5', modes = '|') =>
  `MSH|^~\\&|GAM|CHU-É|CHAINON|EDS|20250201||ADT^A01^ADT_A01|MSG1|P|${version}|||${modes}||8859/1`

test('repeats who sent what, with the bytes of the message', () => {
  expect(sent(header('2.5^FRA^2.11'), OK)).toEqual([
    'MSH|^~\\&|CHAINON|EDS|GAM|CHU-É|20250301120000+0000||ACK^A01|ID|P|2.5^FRA^2.11||||||8859/1\rMSA|AA|MSG1\r',
  ])
})

test('names each error by its place and its condition, before 2.5 in one field', () => {
  const failed: Outcome = { code: 'AE', errors: [error('OBX[2]-5-1'), error('PV1[1]'), error()] }
  expect(sent(header(), failed)[0]?.split('\r').slice(1)).toEqual([
    'MSA|AE|MSG1',
    'ERR||OBX^2^5^1^1|101^Required field missing^HL70357|E||||required: The field is required.',
    'ERR||PV1^1|101^Required field missing^HL70357|E||||required: The field is required.',
    'ERR|||101^Required field missing^HL70357|E||||required: The field is required.',
    '',
  ])
  expect(sent(header('2.3.1'), failed)[0]?.split('\r')[2]).toBe('ERR|OBX^2^5^101&Required field missing&HL70357')
})

test('uses the separators of the sender, also where our own texts have them', () => {
  const failed: Outcome = { code: 'AE', errors: [{ ...error('PID[1]-3'), text: 'a: b' }] }
  expect(sent('MSH:%*!@:A:B:::::ADT%A01:7:P:2.5', failed)[0]).toBe(
    'MSH:%*!@:::A:B:20250301120000+0000::ACK%A01:ID:P:2.5\rMSA:AE:7\rERR::PID%1%3%1:101%Required field missing%HL70357:E::::a!F! b\r',
  )
})

test('the pattern of a rule can be read in it', () => {
  const failed: Outcome = { code: 'AE', errors: [{ ...error(), text: '`^[A-Z]\\d~|$`' }] }
  expect(sent(header(), failed)[0]).toContain('|E||||`\\S\\[A-Z]\\E\\d\\R\\\\F\\$`\r')
  expect(sent('MSH|^~||A|B|||||7|P|2.5', failed)[0]).toContain('|E||||` [A-Z]\\d  $`\r')
})

test('without a header that can be read it is still an answer', () => {
  expect(sent('nonsense', { code: 'AR', errors: [] })).toEqual([
    'MSH|^~\\&|||||20250301120000+0000||ACK|ID|P|2.5\rMSA|AR|\r',
  ])
})

test.each([
  ['|', 'AA', ['AA']],
  ['AL|NE', 'AA', ['CA']],
  ['AL|NE', 'AE', ['CE']],
  ['AL|NE', 'AR', ['CR']],
  ['NE|AL', 'AR', ['AR']],
  ['AL|AL', 'AA', ['CA', 'AA']],
  ['NE|NE', 'AE', []],
  ['ER|SU', 'AA', ['AA']],
  ['ER|SU', 'AE', ['CE']],
] as const)('MSH-15 and MSH-16 of %s after %s', (modes, code, expected) => {
  expect(sent(header('2.5', modes), { code, errors: [] }).map((one) => /MSA\|(\w+)/.exec(one)?.[1])).toEqual(expected)
})

const answered = (accepted: number, ...rules: readonly string[]) => {
  const errors = rules.map((rule) => ({
    index: 0,
    pointer: '/x',
    feed: 'f',
    location: 'MSH[1]-9-2',
    rule,
    detail: 'D',
  }))
  const body = { receipt_id: 'r', feed: 'hl7', accepted, rejected: errors.length, errors }
  return outcomeOf({
    status: 202,
    body: accepted > 0 ? body : { ...body, type: '', title: '', status: 422, detail: '', code: 'all-rejected' },
  })
}

test.each([
  [1, [], 'AA', []],
  [1, ['not-a-fact'], 'AA', ['W']],
  [0, ['not-a-fact'], 'AA', ['W']],
  [1, ['required', 'not-a-fact'], 'AE', ['E', 'W']],
  [0, ['some-rule'], 'AE', ['E']],
  [0, ['unmapped-message'], 'AR', ['E']],
  [0, ['charset'], 'AR', ['E']],
] as const)('%i accepted and %j is %s', (accepted, rules, code, severities) => {
  const outcome = answered(accepted, ...rules)
  expect([outcome.code, outcome.errors.map(({ severity }) => severity)]).toEqual([code, severities])
})

test.each([
  ['dependency-unavailable', 503, 'AR'],
  ['partition-unavailable', 503, 'AR'],
  ['idempotency-in-flight', 409, 'AR'],
  ['too-many-in-flight', 429, 'AR'],
  ['key-scope', 403, 'AR'],
  ['idempotency-mismatch', 422, 'AE'],
  ['too-many-records', 413, 'AE'],
  ['no-records', 400, 'AE'],
] as const)('%s is %s', (code, status, expected) => {
  expect(outcomeOfProblem({ code, status, title: 'T' }).code).toBe(expected)
})
