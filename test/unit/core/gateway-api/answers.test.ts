import { expect, test } from 'vitest'
import { readProblem, readReceipt } from '#core/gateway-api/answers.ts'
import type { Problem } from '#core/gateway-api/problem.ts'
import type { Receipt } from '#core/gateway-api/receipt.ts'

const error = { index: 3, pointer: '/sex', rule: 'enum', detail: 'The value is not one of the allowed symbols.' }
const receipt: Receipt = {
  receipt_id: `rcp_${'a'.repeat(22)}`,
  feed: 'fhir',
  accepted: 2,
  rejected: 1,
  by_feed: { patient: { accepted: 2, rejected: 1 } },
  errors: [{ ...error, feed: 'patient' }],
}
const problem: Problem = {
  type: 'urn:chainon:problem:all-rejected',
  title: 'No record of the request could be accepted.',
  status: 422,
  detail: 'All 1 records were rejected.',
  code: 'all-rejected',
  errors: [error],
}

test('a receipt is read completely', () => {
  expect(readReceipt(JSON.stringify(receipt))).toEqual(receipt)
})

test('a field that is not in the schema of the gateway is removed, at any depth', () => {
  const more = { echo: 'DUPONT' }
  const answer = {
    ...receipt,
    ...more,
    by_feed: { patient: { accepted: 2, rejected: 1, ...more } },
    errors: [{ ...receipt.errors[0], ...more }],
  }
  expect(readReceipt(JSON.stringify(answer))).toEqual(receipt)
  const { code, title, errors } = problem
  expect(readProblem(JSON.stringify({ ...problem, ...more, errors: [{ ...error, ...more }] }), 422)).toEqual({
    code,
    title,
    errors,
  })
})

test.each([
  ['no JSON', 'OK'],
  ['no object', '[]'],
  ['no count', JSON.stringify({ ...receipt, accepted: undefined })],
  ['a count that is a text', JSON.stringify({ ...receipt, accepted: '2' })],
  ['a problem', JSON.stringify(problem)],
  ['an error without its rule', JSON.stringify({ ...receipt, errors: [{ ...error, rule: undefined }] })],
  ['a rule that is a sentence', JSON.stringify({ ...receipt, errors: [{ ...error, rule: 'DUPONT is wrong' }] })],
])('%s is not a receipt', (_name, body) => {
  expect(readReceipt(body)).toBeUndefined()
})

test.each([
  ['no JSON', '<html>DUPONT</html>'],
  ['a problem of another server', JSON.stringify({ ...problem, code: 'DUPONT' })],
  ['a receipt', JSON.stringify(receipt)],
])('%s is not a problem: only its status is kept', (_name, body) => {
  expect(readProblem(body, 502)).toEqual({ code: 'http-502', title: 'The gateway answered 502.', errors: [] })
})

test('the types of the answers come from their schemas', () => {
  // @ts-expect-error no fault with an HTTP status has this code
  const misspelt: Problem = { ...problem, code: 'all-rejectd' }
  // @ts-expect-error a receipt counts what is accepted
  const uncounted: Receipt = { receipt_id: '', feed: '', rejected: 0, errors: [] }
  expect(readProblem(JSON.stringify(misspelt), 422).code).toBe('http-422')
  expect(readReceipt(JSON.stringify(uncounted))).toBeUndefined()
})
