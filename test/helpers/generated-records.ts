/** Generated valid records of a feed: every field of its contract, with the values that break readers and writers where the contract takes them. */
import fc from 'fast-check'
import { guardOf } from '#core/contract/actions.ts'
import { formatDate } from '#core/contract/calendar.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { codeSpeller } from '#core/guards/canonical.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { type Feed, recordOf } from './records.ts'

/** Values in the contract's Avro types: dates as days, timestamps as milliseconds since 1970. */
export type TypedRecord = Readonly<Record<string, unknown>>

const FIRST_DAY = -25_567
const LAST_DAY = 20_000
const DAY_MS = 86_400_000
const HOSTILE = [
  ';',
  ',',
  '\t',
  '|',
  '"',
  "'",
  '\\',
  '\n',
  '\r\n',
  '\u0000',
  '\u2028',
  '\ufeff',
  'é',
  'œ',
  '€',
  '😀',
  '%',
  '=1+1',
]

/**
 * @param unit of texts; by default any character, and those that formats give a meaning
 * @returns records that the validator accepts as they are; each has another `record_id`
 */
export function generatedRecords(
  contract: FeedContract,
  count: number,
  unit: fc.Arbitrary<string> = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 2 }), fc.constantFrom(...HOSTILE)),
): readonly TypedRecord[] {
  const read = recordReader(contract, 'json')
  const usual = read(recordOf(contract.feed as Feed, 'r', '8000123'))
  if (!usual.ok) throw new Error(`the usual record of ${contract.feed} is not valid`)
  const text = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(''))
  const values = contract.fields.map((field) => [field.name, valueOf(field, usual.record[field.name], text)] as const)
  const spell = codeSpeller(contract)
  const check = recordChecker(contract)
  const now = Date.now() * 1000
  const valid = fc
    .record(Object.fromEntries(values))
    .filter(
      (record) =>
        spell(record, 'chu-test') === record && check(record, { producer: 'chu-test', receivedAt: now }).length === 0,
    )
  return fc
    .sample(valid, { numRuns: count, seed: 11 })
    .map((record, at) => ({ ...record, record_id: `${at}/${String(record.record_id)}` }))
}

/** @returns the record in the contract's JSON: dates and timestamps are ISO 8601 */
export function jsonOf(contract: FeedContract, record: TypedRecord): Readonly<Record<string, unknown>> {
  const kinds = new Map(contract.fields.map(({ name, kind }) => [name, kind]))
  const written = (name: string, value: unknown) => {
    if (typeof value !== 'number') return value
    if (kinds.get(name) === 'date') return formatDate(value)
    return kinds.get(name) === 'timestamp' ? new Date(value).toISOString() : value
  }
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, written(name, value)]))
}

function valueOf(field: FieldContract, usual: unknown, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const known = usual === null ? [] : [fc.constant(usual)]
  const any = anyOf(field, text)
  const listed = guardOf(field).flatMap(({ values = [] }) => values)
  // A guard may refuse the record: what is required has a value that it takes.
  if (!field.nullable) return guardOf(field).length > 0 ? fc.constant(usual) : any
  return fc.oneof(fc.constant(null), any, ...known, ...(listed.length > 0 ? [fc.constantFrom(...listed)] : []))
}

function anyOf(
  { kind, symbols, maxLength, privacy }: FieldContract,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'string':
      return text
        .map((value) => (privacy.action === 'pseudonymise' ? `x${value}` : value))
        .filter((value) => value.length <= Math.min(maxLength, 60))
    case 'enum':
      return fc.constantFrom(...symbols)
    case 'boolean':
      return fc.boolean()
    case 'double':
      // JSON has no -0, and a number beyond 2^53 may already be another one.
      return fc
        .oneof(fc.double({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1, noNaN: true }), fc.constantFrom(0, 5e-324, 0.1 + 0.2))
        .map((value) => (value === 0 ? 0 : value))
    case 'integer':
      return fc.oneof(fc.integer(), fc.integer({ min: 0, max: 100 }))
    case 'long':
      return fc.maxSafeNat()
    case 'date':
      return fc.integer({ min: FIRST_DAY, max: LAST_DAY })
    case 'timestamp':
      return fc.integer({ min: FIRST_DAY * DAY_MS, max: LAST_DAY * DAY_MS })
  }
}
