import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDate, parseCalendarDate, parseTimestamp, truncateDate } from '#core/contract/calendar.ts'
import { loadContracts } from '#core/contract/load.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { FAULTS } from '#core/faults/codes.ts'

const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'observation')
if (!contract) throw new Error('no observation contract')
const read = recordReader(contract, 'json')
const good = {
  record_id: 'r',
  patient_ipp: 'p',
  code_system: 'loinc',
  code: '718-7',
  effective_at: '2024-02-29T10:00:00+01:00',
}
const faults = (record: unknown) => {
  const result = read(record)
  return result.ok ? [] : result.faults.map(({ pointer, rule }) => `${pointer} ${rule}`)
}

describe('recordReader', () => {
  it('fills defaults and nulls, and turns dates into numbers', () => {
    const result = read(good)
    expect(result).toMatchObject({
      ok: true,
      record: { record_version: 0, operation: 'upsert', effective_at: Date.UTC(2024, 1, 29, 9), comment: null },
    })
  })

  it.each([
    ['a missing field', { ...good, code: undefined }, '/code required'],
    ['an unknown field', { ...good, colour: 1 }, ' unknown-field'],
    ['a wrong type', { ...good, code: 5 }, '/code type'],
    ['an impossible date', { ...good, effective_at: '2023-02-29T10:00:00Z' }, '/effective_at timestamp'],
    ['a timestamp without offset', { ...good, effective_at: '2023-02-28T10:00:00' }, '/effective_at timestamp'],
    ['an unknown symbol', { ...good, code_system: 'LOINC' }, '/code_system enum'],
    ['a fraction for an integer', { ...good, record_version: 1.5 }, '/record_version number-range'],
    ['an empty identifier', { ...good, patient_ipp: ' ' }, '/patient_ipp empty'],
    ['too long a value', { ...good, code: 'x'.repeat(33) }, '/code max-length'],
    ['a lone surrogate', { ...good, code: '\ud800' }, '/code type'],
    ['an infinite number', { ...good, value_number: Number.POSITIVE_INFINITY }, '/value_number number-range'],
    ['an array', [good], ' not-an-object'],
    ['a field name that could be a value', { ...good, 'DUPONT Jean 1980': 1 }, ' unknown-field'],
  ])('reports %s', (_what, record, fault) => {
    expect(faults(record)).toEqual([fault])
  })

  it('reports a whole number that its reading has changed: beyond 2^53 not every one is a double', () => {
    const read53 = (digits: string) =>
      faults(JSON.parse(`{"n": ${digits}}`, (key, value) => (key === '' ? { ...good, value_number: value.n } : value)))
    expect(read53('9007199254740993')).toEqual(['/value_number number-range'])
    expect(read53('-9007199254740993')).toEqual(['/value_number number-range'])
    expect(read53('9007199254740991')).toEqual([])
    expect(read53('0.1')).toEqual([])
  })

  it('reports all faults of a record at once', () => {
    expect(faults({ code: 5, colour: 1 })).toEqual([
      '/record_id required',
      '/patient_ipp required',
      '/code_system required',
      '/code type',
      '/effective_at required',
      ' unknown-field',
    ])
  })

  it('never throws, never repeats a value, and names only rules of the table', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: false }), fc.string({ minLength: 12, maxLength: 60 }), (noise, secret) => {
        for (const record of [
          noise,
          { ...good, code: noise },
          { ...good, effective_at: secret },
          { ...good, [secret]: secret },
        ]) {
          const result = read(record)
          if (result.ok) continue
          for (const { pointer, rule } of result.faults) {
            expect(Object.keys(FAULTS)).toContain(rule)
            expect(pointer).toMatch(/^(|\/[A-Za-z][A-Za-z0-9_]{0,39})$/)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the calendar', () => {
  it('agrees with JavaScript on every real day and rejects the others', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (year, month, day) => {
          const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
          const date = new Date(0)
          date.setUTCFullYear(year, month - 1, day)
          const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
          const days = parseCalendarDate(text)
          expect(days).toBe(real ? date.getTime() / 86_400_000 : undefined)
          if (days !== undefined) expect(formatDate(days)).toBe(text)
        },
      ),
    )
  })

  it('reads offsets and fractions', () => {
    expect(parseTimestamp('2024-01-01T00:30:00.1239+02:00')).toBe(Date.UTC(2023, 11, 31, 22, 30, 0, 123))
    expect(parseTimestamp('2024-01-01T24:00:00Z')).toBeUndefined()
  })

  it('truncates to the first of the month and of the year', () => {
    const day = parseCalendarDate('1980-03-17') ?? 0
    expect(formatDate(truncateDate(day, 'month'))).toBe('1980-03-01')
    expect(formatDate(truncateDate(day, 'year'))).toBe('1980-01-01')
  })
})
