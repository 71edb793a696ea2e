import { expect, test } from 'vitest'
import { recordEncoder } from '../../../../services/core/linkage/encode.ts'
import { comparedFields, comparer } from '../../../../services/core/linkage/levels.ts'
import { normaliseTraits } from '../../../../services/core/linkage/normalise-traits.ts'
import { plainStore } from '../../../../services/core/linkage/plain-store.ts'
import { filterStore } from '../../../../services/core/linkage/record-store.ts'
import { TRAITS, type Trait, type Traits } from '../../../../services/core/linkage/traits.ts'

const encoder = recordEncoder(new Set<Trait>(TRAITS), Buffer.alloc(32, 1))
const { layout } = encoder
const fields = comparedFields(layout)

/** @returns the names of the levels of two records, by trait; `missing` where one has no value */
function levelsOf(a: Traits, b: Traits, encoded = true): Record<string, string> {
  const [one, two] = [a, b].map((traits) => normaliseTraits(traits, 'YYYY-MM-DD')) as [Traits, Traits]
  const filters = filterStore(layout)
  const plain = plainStore(layout)
  for (const traits of [one, two]) {
    filters.add(encoder.encode(traits))
    plain.add(traits)
  }
  const levels = new Int8Array(fields.length)
  comparer(encoded ? filters : plain, layout)(0, 1, levels)
  return Object.fromEntries(fields.map(({ trait, levels: names }, f) => [trait, names[levels[f] ?? -1] ?? 'missing']))
}

const A: Traits = { given_name: 'Camille', family_name: 'Bertrand', birth_date: '1985-02-11' }

test.each([true, false])(
  'swapped names are a level of the given name, and the family name says nothing more (filters: %s)',
  (encoded) => {
    const swapped = { ...A, given_name: 'Bertrand', family_name: 'Camille' }
    expect(levelsOf(A, swapped, encoded)).toMatchObject({
      given_name: 'swapped',
      family_name: 'missing',
      birth_date: 'equal',
    })
  },
)

test('names of several words are swapped too', () => {
  const written = { ...A, given_name: 'Sarah Manon', family_name: 'De Oliveira' }
  const swapped = { ...A, given_name: 'De Oliveira', family_name: 'Sarah Manon' }
  expect(levelsOf(written, swapped).given_name).toBe('swapped')
})

test('who is called by the second given name', () => {
  expect(levelsOf({ ...A, given_name: 'Camille Odette' }, { ...A, given_name: 'Odette' }).given_name).toBe('other')
})

test('the name at birth counts; the used name is a level of its own', () => {
  const married = { birth_name: 'Durand', family_name: 'Klein' }
  expect(levelsOf(married, { birth_name: 'Durand', family_name: 'Morel' }).family_name).toBe('equal')
  expect(levelsOf(married, { birth_name: 'Klein' }).family_name).toBe('other')
  expect(levelsOf(married, { family_name: 'Durand' }).family_name).toBe('equal')
})

test('newborns without a name', () => {
  expect(levelsOf({ given_name: 'Bébé' }, A).given_name).toBe('newborn')
  expect(levelsOf({ given_name: 'Bébé' }, { given_name: 'Nouveau-né' }).given_name).toBe('newborns')
})

test('a birth date with day and month swapped is more similar than another one', () => {
  const level = (birth_date: string) =>
    fields
      .find(({ trait }) => trait === 'birth_date')
      ?.levels.indexOf(levelsOf(A, { ...A, birth_date }).birth_date ?? '') ?? -1
  expect(level('1985-11-02')).toBeGreaterThan(level('1962-07-23'))
  expect(level('1985-02-12')).toBeGreaterThan(level('1985-11-02'))
})

test('a number that is similar says nothing: twins have consecutive ones', () => {
  const number = (last: string) => ({ national_id: `2550814168${last}` })
  expect(levelsOf(number('025'), number('026')).national_id).toBe('missing')
  expect(levelsOf(number('025'), number('025')).national_id).toBe('equal')
  expect(levelsOf(number('025'), { national_id: '1621075331907' }).national_id).toBe('differ')
})
