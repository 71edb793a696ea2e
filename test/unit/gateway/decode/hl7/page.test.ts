/** docs/formats/hl7v2.md is what the mapping does (`npx vitest run --project unit test/unit/gateway/decode/hl7/page -u` writes it). */
import { expect, test } from 'vitest'
import { contracts } from '../../harness.ts'
import { adt, merge, orders, outcome, PRESCRIPTION, PV1, zbe } from './messages.ts'
import { MAPPINGS, page } from './page.ts'

test('the page is current', async () => {
  const examples = [adt('A01', PV1, zbe('INSERT')), merge('A40'), orders('ORM^O01', ...PRESCRIPTION)].map(
    (message) => ({
      message,
      ...outcome(message),
    }),
  )
  expect(examples.flatMap(({ refused }) => refused)).toEqual([])
  await expect(page(examples)).toMatchFileSnapshot('../../../../../docs/formats/hl7v2.md')
})

test('each mapping names only fields of its feed, and every one that is required', () => {
  for (const { feed, fields } of MAPPINGS) {
    const contract = contracts.find((one) => one.feed === feed)
    const names = contract?.fields.map(({ name }) => name) ?? []
    const required = contract?.fields.filter((field) => !field.nullable && field.default === undefined) ?? []
    expect(Object.keys(fields).filter((name) => !names.includes(name))).toEqual([])
    expect(required.map(({ name }) => name).filter((name) => !Object.hasOwn(fields, name))).toEqual([])
  }
})
