/** What rounding, intervals, ages and shifts leave of values: properties over generated values, and cases by hand. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { formatDate, parseCalendarDate, truncateDate } from '#core/contract/calendar.ts'
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { ageAt, ageBand, ageBands, birthYear } from '#core/policies/age.ts'
import { policies } from '#core/policies/apply-policies.ts'
import { binOf, binsOf } from '#core/policies/bins.ts'
import { roundToDigits, roundToStep } from '#core/policies/round.ts'
import { shiftOf } from '#core/policies/shift.ts'

const day = (text: string) => parseCalendarDate(text) ?? Number.NaN
const only = (text: string) => ({ first: day(text), last: day(text) })
const NOTHING = { withheld: [], texts: new Map<string, string | null>() }
const days = fc.integer({ min: day('1900-01-01'), max: day('2100-12-31') })

describe('truncating', () => {
  it.each([
    ['2024-02-29', 'month', '2024-02-01'],
    ['2024-02-29', 'quarter', '2024-01-01'],
    ['2024-12-31', 'quarter', '2024-10-01'],
    ['2024-12-31', 'year', '2024-01-01'],
    ['0050-05-05', 'year', '0050-01-01'],
  ] as const)('%s to its %s is %s', (from, to, expected) =>
    expect(formatDate(truncateDate(day(from), to))).toBe(expected),
  )
})

describe('rounding', () => {
  it.each([
    [0.1, 'double', 0.25, 0.3],
    [0.1, 'double', 0.30000000000000004, 0.3],
    [0.5, 'double', -7.3, -7.5],
    [5, 'integer', 12, 10],
    [5, 'integer', -12.5, -15],
    [1000, 'integer', 2_147_483_647, 2_147_483_000],
    [1e-7, 'double', 1.26e-6, 1.3e-6],
    [10, 'double', -4, 0],
  ] as const)('to a multiple of %s of a %s: %s is %s', (step, kind, value, rounded) =>
    expect(roundToStep(step, kind)(value)).toBe(rounded),
  )

  it.each([
    [2, 'double', 137.4, 140],
    [1, 'double', 0.0456, 0.05],
    [3, 'double', -1234.5, -1230],
    [2, 'integer', 2_147_483_647, 2_100_000_000],
    [1, 'integer', 2_147_483_647, 2_000_000_000],
    [2, 'double', 0, 0],
  ] as const)('to %s significant digits of a %s: %s is %s', (digits, kind, value, rounded) =>
    expect(roundToDigits(digits, kind)(value)).toBe(rounded),
  )

  it('twice is rounding once, by half a step at most, and never turns the order round', () => {
    const steps = fc.constantFrom(0.01, 0.1, 0.25, 0.5, 1, 5, 1000)
    const values = fc.double({ min: -1e7, max: 1e7, noNaN: true })
    fc.assert(
      fc.property(steps, values, values, (step, a, b) => {
        const round = roundToStep(step, 'double')
        expect(round(round(a))).toBe(round(a))
        expect(Math.abs(round(a) - a)).toBeLessThanOrEqual(step / 2 + 1e-6 * step + 1e-9)
        if (a <= b) expect(round(a)).toBeLessThanOrEqual(round(b))
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), values, values, (digits, a, b) => {
        const round = roundToDigits(digits, 'double')
        expect(round(round(a))).toBe(round(a))
        if (a <= b) expect(round(a)).toBeLessThanOrEqual(round(b))
      }),
    )
  })

  it('leaves a value of the kind', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 15 }),
        (value, step, digits) => {
          for (const rounded of [roundToStep(step, 'integer')(value), roundToDigits(digits, 'integer')(value)]) {
            expect(Number.isInteger(rounded)).toBe(true)
            expect(Math.abs(rounded)).toBeLessThanOrEqual(2_147_483_648)
          }
        },
      ),
    )
  })
})

describe('intervals', () => {
  it('have names, and each number is in one', () => {
    expect(binsOf([0, 10.5])).toEqual(['<0', '[0,10.5)', '>=10.5'])
    const bin = binOf([0, 10.5])
    expect([-1, 0, 10.4, 10.5, Number.NaN].map(bin)).toEqual(['<0', '[0,10.5)', '[0,10.5)', '>=10.5', null])
  })
})

describe('ages', () => {
  it.each([
    ['1950-06-15', '2020-06-14', 69],
    ['1950-06-15', '2020-06-15', 70],
    ['2000-02-29', '2001-02-28', 0],
    ['2000-02-29', '2001-03-01', 1],
    ['2020-01-01', '2019-12-31', -1],
  ])('of %s at %s is %s', (birth, at, age) => expect(ageAt(day(birth), day(at))).toBe(age))

  it('are bands of which the last has no end', () => {
    expect(ageBands([0, 1, 18, 90])).toEqual(['0', '1-17', '18-89', '90+'])
    const band = ageBand([0, 1, 18, 90])
    expect(band(only('1930-05-05'), only('2020-05-04'))).toBe('18-89')
    expect(band(only('1930-05-05'), only('2020-05-05'))).toBe('90+')
    expect(band(only('1900-05-05'), only('2020-05-05'))).toBe('90+')
    expect(band(only('2020-05-05'), only('2020-05-04'))).toBeNull()
  })

  it('are null where a birth of which only the month is known can be in two bands', () => {
    const band = ageBand([0, 18, 90])
    const may = { first: day('2002-05-01'), last: day('2002-05-31') }
    expect(band(may, only('2020-04-30'))).toBe('0-17')
    expect(band(may, only('2020-05-15'))).toBeNull()
    expect(band(may, only('2020-05-31'))).toBe('18-89')
  })

  it('are in every band that the contract names, and nobody above 90 has a year of their own', () => {
    fc.assert(
      fc.property(days, days, (birth, at) => {
        const [b, a] = [
          { first: birth, last: birth },
          { first: at, last: at },
        ]
        const age = ageAt(birth, at)
        const band = ageBand([0, 5, 90])(b, a)
        expect(band).toBe(age < 0 ? null : age < 5 ? '0-4' : age < 90 ? '5-89' : '90+')
        const year = birthYear(b, a)
        if (year !== null) expect(new Date(at * 86_400_000).getUTCFullYear() - year).toBeLessThanOrEqual(90)
      }),
    )
    expect(birthYear(only('1912-03-03'), only('2020-01-01'))).toBe(1930)
    expect(birthYear(only('1950-03-03'), only('2020-01-01'))).toBe(1950)
    expect(birthYear(only('2021-01-01'), only('2020-12-31'))).toBeNull()
  })
})

describe('shifts', () => {
  const level1 = pseudonymiser(1, randomBytes(32))

  it('are within the bounds, never 0, whole weeks where the weekday is kept, and all of them occur', () => {
    for (const shift of [{ within: 7 }, { within: 30 }, { within: 60, weekday: 'keep' as const }]) {
      const of = shiftOf(shift, level1)
      const found = new Set(Array.from({ length: 4000 }, (_, index) => of(`p1_${index}`)))
      const unit = 'weekday' in shift ? 7 : 1
      const farthest = Math.floor(shift.within / unit)
      const expected = Array.from({ length: 2 * farthest + 1 }, (_, index) => (index - farthest) * unit || 0)
      expect([...found].toSorted((a, b) => a - b)).toEqual(expected.filter((one) => one !== 0))
    }
  })

  it('depend on the secret', () => {
    const other = pseudonymiser(1, randomBytes(32))
    const patients = Array.from({ length: 200 }, (_, index) => `p1_${index}`)
    const [a, b] = [level1, other].map((one) => patients.map(shiftOf({ within: 3650 }, one)))
    expect(a).not.toEqual(b)
  })
})

describe('a record with shifted dates', () => {
  const SHIFT = { class: 'date', action: 'shift' }
  const level1 = pseudonymiser(1, randomBytes(32))
  function shifting(feed: string, names: readonly string[], shift: object): FeedContract {
    const json = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as {
      fields: { name: string; privacy: object }[]
    }
    for (const field of json.fields) if (names.includes(field.name)) field.privacy = SHIFT
    const result = parseContract(feed, JSON.stringify({ ...json, shift }))
    if (!result.ok) throw new Error(result.problems.join('\n'))
    return result.contract
  }
  const WEEKS = { within: 182, weekday: 'keep' }
  const encounter = policies(shifting('encounter', ['started_at', 'ended_at'], WEEKS), level1)
  const diagnosis = policies(shifting('diagnosis', ['recorded_at', 'onset_on', 'resolved_on'], WEEKS), level1)
  const DAY = 86_400_000

  test('the dates of a patient move alike in every feed, keep their order, their distance, their weekday and their time of day', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        days,
        fc.nat({ max: 400 }),
        fc.nat({ max: DAY - 1 }),
        (ipp, start, stay, time) => {
          const [started, ended] = [start * DAY + time, (start + stay) * DAY + time]
          const e = encounter(
            { record_id: 'e', patient_ipp: ipp, started_at: started, ended_at: ended },
            'chu',
            NOTHING,
          )
          const d = diagnosis(
            { record_id: 'd', patient_ipp: ipp, recorded_at: started, onset_on: start },
            'chu',
            NOTHING,
          )
          const moved = (Number(e.started_at) - started) / DAY
          expect(moved % 7).toBeCloseTo(0)
          expect(moved).not.toBe(0)
          expect(Math.abs(moved)).toBeLessThanOrEqual(182)
          expect(Number(e.ended_at) - Number(e.started_at)).toBe(ended - started)
          expect((Number(d.recorded_at) - started) / DAY).toBe(moved)
          expect(Number(d.onset_on) - start).toBe(moved)
        },
      ),
    )
  })

  test('a date of which only the month or the year is known does not say by how much it moved', () => {
    for (let patient = 0; patient < 50; patient++) {
      const record = { record_id: 'd', patient_ipp: String(patient), recorded_at: 0 }
      const month = diagnosis({ ...record, onset_on: day('2020-03-01'), onset_precision: 'month' }, 'chu', NOTHING)
      const year = diagnosis({ ...record, onset_on: day('2020-01-01'), onset_precision: 'year' }, 'chu', NOTHING)
      expect(formatDate(Number(month.onset_on))).toMatch(/-01$/)
      expect(formatDate(Number(year.onset_on))).toMatch(/-01-01$/)
    }
  })

  test('the same number at another producer is another patient, and moves by other days', () => {
    const moved = (producer: string) =>
      Array.from({ length: 100 }, (_, ipp) =>
        encounter({ record_id: 'e', patient_ipp: String(ipp), started_at: 0 }, producer, NOTHING),
      ).map(({ started_at }) => started_at)
    expect(moved('a')).not.toEqual(moved('b'))
    expect(moved('a')).toEqual(moved('a'))
  })
})
