/** The JSON Schema of a record: its keywords accept what the reader and the rules accept, and what no keyword says is listed. */
import { readFileSync } from 'node:fs'
import { Compile } from 'typebox/schema'
import { expect, test } from 'vitest'
import { recordJsonSchema } from '#core/contract/json-schema.ts'
import { parseContract } from '#core/contract/parse.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { recordOf } from '../../../helpers/records.ts'

interface Written {
  fields: { name: string; rules?: object[] }[]
}

function observationWith(fieldRules: Readonly<Record<string, readonly object[]>>): FeedContract {
  const written = JSON.parse(readFileSync('schemas/feeds/observation.avsc', 'utf8')) as Written
  for (const field of written.fields) field.rules = [...(field.rules ?? []), ...(fieldRules[field.name] ?? [])]
  const result = parseContract('observation', JSON.stringify(written))
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}

const properties = (contract: FeedContract) =>
  recordJsonSchema(contract).properties as Readonly<Record<string, Readonly<Record<string, unknown>>>>
const reject = (id: string, more: object) => ({ id, severity: 'reject', ...more })

const CONTRACT = observationWith({
  value_number: [reject('one', { check: 'range', min: 1, max: 9 }), reject('two', { check: 'range', max: 7.5 })],
  value_time: [reject('letters', { check: 'pattern', pattern: '^[A-Z]' })],
  comment: [reject('listed', { check: 'one-of', values: ['yes', 'no'] })],
  code: [reject('hyphen', { check: 'pattern', pattern: '-' })],
  reference_low: [
    reject('where-loinc', { check: 'range', min: 0, when: { field: 'code_system', equals: 'loinc' } }),
    { id: 'hint', severity: 'flag', check: 'range', max: 3 },
  ],
})

test('a rule of severity reject is a keyword where one says the same; else it is listed, with those of severity flag', () => {
  const of = properties(CONTRACT)
  expect(of.record_version).toMatchObject({ minimum: 0, description: expect.stringContaining('version-not-negative') })
  expect(of.value_number?.allOf).toEqual([{ minimum: 1, maximum: 9 }, { maximum: 7.5 }])
  expect(of.code).not.toHaveProperty('pattern')
  const listed = (name: string) => (of[name]?.['x-chainon-rules'] as { id: string }[] | undefined)?.map(({ id }) => id)
  expect(listed('value_number')).toBeUndefined()
  expect(listed('code')).toEqual(['loinc-form', 'loinc-key', 'hyphen'])
  expect(listed('reference_low')).toEqual(['where-loinc', 'hint'])
  expect(of.reference_low).not.toHaveProperty('minimum')
  expect(listed('effective_at')).toEqual(['effective-after-1900', 'not-in-future'])
  expect(of.effective_at?.description).toContain(
    'Rejected by not-in-future: The value must be at most a day after the receipt.',
  )
  const { description, 'x-chainon-rules': ofRecord } = recordJsonSchema(CONTRACT)
  expect(ofRecord).toMatchObject([{ id: 'reference-range-order' }, { id: 'number-has-unit', severity: 'flag' }])
  expect(description).not.toContain('number-has-unit')
})

test('the keywords reject a value exactly when the reader or a rule does', () => {
  const read = recordReader(CONTRACT, 'json')
  const check = recordChecker(CONTRACT)
  const schema = Compile(recordJsonSchema(CONTRACT))
  const values: Readonly<Record<string, readonly unknown[]>> = {
    record_version: [-1, 0, 1],
    value_number: [null, 0.5, 1, 7.5, 7.6, 9, '3'],
    value_time: [null, 'ABC', 'abc', ''],
    comment: [null, 'yes', 'maybe'],
  }
  for (const [field, candidates] of Object.entries(values))
    for (const value of candidates) {
      const record = recordOf('observation', 'r', '8000123', { [field]: value })
      const found = read(record)
      const accepted = found.ok && check(found.record, { producer: 'p', receivedAt: Date.now() * 1000 }).length === 0
      expect([field, value, schema.Check(record)]).toEqual([field, value, accepted])
    }
})
