/** What a rejected record is told: what may be there instead, for each kind of fault and of field. */
import { expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { explainer } from '#core/rules/explain.ts'
import { type Feed, recordOf } from '../../../helpers/records.ts'
import { contractOf } from '../../gateway/harness.ts'

/** @returns of each fault of the record its place, its rule and what is allowed */
function told(feed: Feed, more: Readonly<Record<string, unknown>>) {
  const contract = contractOf(feed)
  const read = recordReader(contract, 'json')(recordOf(feed, 'r', '8000123', more))
  const check = recordChecker(contract)
  const faults = read.ok ? check(read.record, { producer: 'chu', receivedAt: Date.now() * 1000 }) : read.faults
  const explain = explainer(contract)
  return faults.map((fault) => [`${fault.pointer} ${fault.rule}`, explain(fault).allowed])
}

const TIME = ['YYYY-MM-DDTHH:MM:SS[.SSS] and Z or an offset +HH:MM', 'in Avro the milliseconds since 1970']

test.each<[Feed, Readonly<Record<string, unknown>>, string, readonly string[] | undefined]>([
  ['observation', { code_system: 'loink' }, '/code_system enum', ['loinc', 'nabm', 'snomed', 'other']],
  ['observation', { code_system: 1 }, '/code_system type', ['loinc', 'nabm', 'snomed', 'other']],
  ['observation', { patient_ipp: 8000123 }, '/patient_ipp type', ['a text']],
  ['observation', { patient_ipp: 'x'.repeat(65) }, '/patient_ipp max-length', ['at most 64 characters']],
  ['observation', { value_number: '13,5' }, '/value_number type', ['a number']],
  [
    'observation',
    { value_number: 2 ** 53 },
    '/value_number number-range',
    [`a number from -${2 ** 53 - 1} to ${2 ** 53 - 1}`],
  ],
  [
    'observation',
    { record_version: 1.5 },
    '/record_version number-range',
    [`a whole number from -${2 ** 53 - 1} to ${2 ** 53 - 1}`],
  ],
  ['observation', { effective_at: '06/05/2024' }, '/effective_at timestamp', TIME],
  ['observation', { value_comparator: '~' }, '/value_comparator guard-value-comparator', ['<', '<=', '>=', '>']],
  ['observation', { comment: true }, '/comment type', ['a text']],
  ['patient', { birth_date: '31/12/1979' }, '/birth_date date', ['YYYY-MM-DD', 'in Avro the days since 1970-01-01']],
  ['patient', { deceased: 'yes' }, '/deceased type', ['true', 'false']],
  ['observation', { surname: 'x' }, ' unknown-field', undefined],
])('%s %j: %s', (feed, more, rule, allowed) => {
  expect(told(feed, more)).toContainEqual([rule, allowed])
})
