/** Values of PostgreSQL: each is what it was, or it is refused; and what cannot be read is refused by column before a row is. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnConverter, kindsOf } from '../../../../services/cli/pull/columns.ts'
import { contractOf } from '../../gateway/harness.ts'

const TYPES = {
  bool: 16,
  int8: 20,
  text: 25,
  float8: 701,
  bpchar: 1042,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
}
const REQUIRED = ['record_id', 'patient_ipp', 'code_system', 'code', 'effective_at']

/** @returns what becomes of one column of an observation beside the required ones */
function read(field: string, type: keyof typeof TYPES, text: string | null, zone?: string) {
  const others = REQUIRED.filter((name) => name !== field)
  const columns = [{ name: field, type: TYPES[type] }, ...others.map((name) => ({ name, type: TYPES.text }))]
  const convert = columnConverter(contractOf('observation'), columns, kindsOf(columns, new Map()), [], zone)
  const converted = convert([text, ...others.map(() => 'x')])
  return 'record' in converted ? converted.record[field] : converted.refused.map(({ path, rule }) => `${path}: ${rule}`)
}

test('a number is kept with all its digits, or refused', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(read('value_number', 'float8', String(value))).toBe(value === 0 ? Number(String(value)) : value)
    }),
  )
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.nat(4), (digits, scale) => {
      const sign = digits < 0n ? '-' : ''
      const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
      const decimal = scale === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
      expect(read('value_number', 'numeric', decimal)).toBe(Number(decimal))
    }),
  )
  for (const text of ['0.12345678901234567890', '9007199254740993', '1e400', 'NaN', 'Infinity', '-Infinity'])
    expect([text, read('value_number', 'numeric', text)]).toEqual([text, ['column value_number: number-range']])
  expect(read('value_number', 'numeric', '12.5000')).toBe(12.5)
  expect(read('value_number', 'numeric', '0.000')).toBe(0)
})

test('other values have the form of the contract', () => {
  expect(read('patient_ipp', 'int8', '9007199254740993')).toBe('9007199254740993')
  expect(read('code', 'bpchar', '718-7     ')).toBe('718-7')
  expect(read('value_number', 'numeric', null)).toBeUndefined()
  expect(read('effective_at', 'timestamptz', '2025-03-01 10:00:00.123456+00')).toBe('2025-03-01T10:00:00.123456Z')
  expect(read('effective_at', 'timestamptz', '2025-03-01 10:00:00+05:30')).toBe('2025-03-01T10:00:00+05:30')
  expect(read('record_version', 'timestamptz', '2025-03-01 10:00:00+00')).toBe(Date.UTC(2025, 2, 1, 10))
  expect(read('record_version', 'int8', '12')).toBe(12)
  expect(read('effective_at', 'timestamp', '2025-07-01 10:00:00', 'Europe/Paris')).toBe('2025-07-01T08:00:00.000Z')
  for (const text of ['infinity', '0044-03-15 10:00:00+00 BC', '12025-01-01 00:00:00+00'])
    expect(read('effective_at', 'timestamptz', text)).toEqual(['column effective_at: timestamp'])
  // The clock skips it.
  expect(read('effective_at', 'timestamp', '2025-03-30 02:30:00', 'Europe/Paris')).toEqual([
    'column effective_at: timestamp',
  ])
})

test('columns that cannot be read are named, all of them', () => {
  const types = new Map([
    [1009, { name: '_text', category: 'A' }],
    [3802, { name: 'jsonb', category: 'U' }],
    [90_001, { name: 'mood', category: 'E' }],
  ])
  const columns = [1009, 3802, 90_001, 25].map((type, at) => ({ name: `c${at}`, type }))
  const problems = (work: () => unknown) => {
    try {
      return work()
    } catch (error) {
      return String((error as Error).message)
    }
  }
  expect(problems(() => kindsOf(columns, types))).toMatch(/c0 is an array \(_text\)[^]*c1 has the type jsonb/)
  expect(kindsOf(columns.slice(2), types)).toEqual(['text', 'text'])
  const some = [
    { name: 'effective_at', type: 1114 },
    { name: 'zip', type: 25 },
    { name: 'id', type: 20 },
  ]
  const converter = () => columnConverter(contractOf('observation'), some, kindsOf(some, types), ['id'], undefined)
  expect(problems(converter)).toMatch(
    /column zip is no field[^]*requires 'record_id'[^]*effective_at is a time without an offset/,
  )
})
