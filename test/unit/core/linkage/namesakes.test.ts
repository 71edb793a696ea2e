import { expect, test } from 'vitest'
import { recordEncoder } from '../../../../services/core/linkage/encode.ts'
import { comparedFields } from '../../../../services/core/linkage/levels.ts'
import { namesakesAmong, stepOf } from '../../../../services/core/linkage/namesakes.ts'
import { filterStore } from '../../../../services/core/linkage/record-store.ts'
import type { Trait, Traits } from '../../../../services/core/linkage/traits.ts'
import { randomOf } from '../../../../services/synthetic/random.ts'

const PEOPLE = 3000
const NAMES = 40
const COUNTRIES = 10

/** @returns normal forms; both names are of one country, or each of any */
function people(seed: string, ofOneCountry: boolean): Traits[] {
  const random = randomOf(seed)
  return Array.from({ length: PEOPLE }, (_, n) => {
    const own = random.int(0, COUNTRIES - 1)
    const name = () => {
      const country = ofOneCountry ? own : random.int(0, COUNTRIES - 1)
      return letters((NAMES / COUNTRIES) * country + random.int(0, NAMES / COUNTRIES - 1))
    }
    const [given_name, family_name] = [`GIVEN${name()}`, `FAMILY${name()}`]
    return {
      given_name,
      family_name,
      birth_date: `${random.int(1930, 2010)}${two(random.int(1, 12))}${two(random.int(1, 28))}`,
      // Of one in two the address is made of the names.
      email:
        n % 2 === 0
          ? `${given_name}.${family_name}@mail.example`.toLowerCase()
          : `${random.int(1e6, 1e7)}@post.example`,
    }
  })
}

const two = (n: number) => String(n).padStart(2, '0')
const letters = (n: number) => String.fromCharCode(65 + (n % 26)) + String.fromCharCode(65 + Math.floor(n / 26))

function counted(records: readonly Traits[], traits: readonly Trait[]) {
  const encoder = recordEncoder(new Set(traits), Buffer.alloc(32, 1))
  const store = filterStore(encoder.layout)
  for (const record of records) store.add(encoder.encode(record))
  // All names are as frequent as names are on average.
  return namesakesAmong(
    store,
    encoder.layout,
    comparedFields(encoder.layout),
    Int32Array.from(records.keys()),
    () => 1,
    0.75,
  )
}

const ALL = ['given_name', 'family_name', 'birth_date', 'email'] as const satisfies readonly Trait[]

test('names that go with a country meet as many times as often as there are countries', () => {
  const times = counted(people('countries', true), ALL)?.together[stepOf(1)] ?? 0
  expect(times).toBeGreaterThan(0.8 * COUNTRIES)
  expect(times).toBeLessThan(1.2 * COUNTRIES)
})

test('names that have nothing to do with each other meet by chance', () => {
  const times = counted(people('chance', false), ALL)?.together ?? []
  expect(times.every((one) => one >= 1 && one < 1.2)).toBe(true)
})

test('of the addresses of two people of one name, those are equal that are made of the names', () => {
  const [differ = 0, , equal = 0] = counted(people('addresses', true), ALL)?.email ?? []
  expect(equal).toBeCloseTo(0.25, 1)
  expect(differ).toBeCloseTo(0.75, 1)
})

test('records of one person are no namesakes: their birth date is the same', () => {
  const once = people('persons', false)
  const twice = [...once, ...once]
  const [one, both] = [once, twice].map((records) => counted(records, ALL)?.email[2] ?? 0) as [number, number]
  expect(both).toBeCloseTo(one, 2)
})

test('without a birth date nobody is known to be another person, and without addresses none are counted', () => {
  const records = people('few', true)
  expect(counted(records, ['given_name', 'family_name', 'email'])).toBeUndefined()
  expect(counted(records, ['given_name', 'family_name', 'birth_date'])?.email).toEqual([])
})
