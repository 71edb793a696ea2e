import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultModel } from '../../../../services/core/linkage/default-model.ts'
import { recordEncoder } from '../../../../services/core/linkage/encode.ts'
import { type Frequencies, NO_FREQUENCIES } from '../../../../services/core/linkage/frequencies.ts'
import { comparedFields } from '../../../../services/core/linkage/levels.ts'
import { normaliseTraits } from '../../../../services/core/linkage/normalise-traits.ts'
import { LINK_PROBABILITY } from '../../../../services/core/linkage/persons.ts'
import { plainStore } from '../../../../services/core/linkage/plain-store.ts'
import { filterStore } from '../../../../services/core/linkage/record-store.ts'
import { probabilityOf, scorer } from '../../../../services/core/linkage/score.ts'
import { startingModel } from '../../../../services/core/linkage/starting-model.ts'
import { TRAITS, type Trait, type Traits } from '../../../../services/core/linkage/traits.ts'

const encoder = recordEncoder(new Set<Trait>(TRAITS), Buffer.alloc(32, 1))
const { layout } = encoder
const fields = comparedFields(layout)

/** Few values, so that they are equal, crossed between the names, and missing; each as frequent as none of the others. */
const NAMES = ['', 'Durand', 'Klein', 'Morel', 'De Oliveira', 'Camille', 'Sarah Manon', 'Bébé']
const VALUES: Readonly<Partial<Record<Trait, readonly string[]>>> = {
  given_name: NAMES,
  family_name: NAMES,
  birth_name: NAMES,
  middle_name: NAMES,
  birth_date: ['', '1985-02-11', '1985-11-02', '1985-02-12', '1958-02-11'],
  sex: ['', 'M', 'F'],
  national_id: ['', '185027511886656', '185027511886753', 'AB12345'],
}
const OTHERS = ['', '12 rue des Lilas', '21 rue des Lilas', '75012', '0612345678', 'a@mail.example']

const written = fc.record(
  Object.fromEntries(TRAITS.map((trait) => [trait, fc.constantFrom(...(VALUES[trait] ?? OTHERS))])),
) as fc.Arbitrary<Traits>

/** No two values of a field are equally frequent. */
function frequenciesOf(stored: { fingerprint(record: number, field: number): number }, records: number): Frequencies {
  return Object.fromEntries(
    fields.map(({ trait }) => {
      const at = layout.fields.findIndex((field) => field.trait === trait)
      const values = new Set(Array.from({ length: records }, (_, record) => stored.fingerprint(record, at)))
      const frequent = [...values].filter((value) => value !== 0).map((value, n) => [value, (n + 1) / 1000] as const)
      return [trait, { chance: 1e-2, rare: 1e-4, frequent }] as const
    }),
  )
}

test('the weight of two records is the same to its last bit, whichever of them comes first', () => {
  const records = fc.sample(written, { numRuns: 200, seed: 1 })
  const filters = filterStore(layout)
  const plain = plainStore(layout)
  for (const traits of records) {
    const normal = normaliseTraits(traits, 'YYYY-MM-DD')
    filters.add(encoder.encode(normal))
    plain.add(normal)
  }
  const start = startingModel(fields)
  const model = { ...start, fields: start.fields.map((field) => ({ ...field, chance: 1e-2 })) }
  for (const store of [filters, plain]) {
    const { weight } = scorer(model, frequenciesOf(store, records.length), store, layout)
    const differing = [...records.keys()].flatMap((a) =>
      Array.from({ length: a }, (_, b) => [a, b] as const).filter(
        ([one, two]) => weight(one, two) !== weight(two, one),
      ),
    )
    expect(differing).toEqual([])
  }
})

describe('with the shipped model', () => {
  const MOTHER: Traits = {
    family_name: 'Durand',
    birth_name: 'Durand',
    given_name: 'Camille',
    birth_date: '1985-02-11',
    sex: 'F',
    birth_place: '75112',
    street: '12 rue des Lilas',
    city: 'Nantes',
    postcode: '44000',
    phone: '0612345678',
  }

  function weightOf(a: Traits, b: Traits): number {
    const store = filterStore(layout)
    for (const traits of [a, b]) store.add(encoder.encode(normaliseTraits(traits, 'YYYY-MM-DD')))
    return scorer(defaultModel(), NO_FREQUENCIES, store, layout).weight(0, 1)
  }

  test('a newborn without a name and the child of one home and birth are linked, and not for sure', () => {
    const child = { ...MOTHER, birth_date: '2023-02-11' }
    const probability = probabilityOf(weightOf({ ...child, given_name: 'Bébé' }, child))
    expect(probability).toBeGreaterThan(0.75)
    expect(probability).toBeLessThan(0.9)
  })

  test('another e-mail address alone makes nobody another person', () => {
    expect(weightOf({ ...MOTHER, email: 'a@mail.example' }, { ...MOTHER, email: 'zoe@post.example' })).toBeGreaterThan(
      7,
    )
  })

  test('an equal address says less of two people of one name than of others: it is made of the names', () => {
    const email = 'camille.durand@mail.example'
    const far = {
      ...MOTHER,
      birth_date: '1962-10-30',
      street: '3 place du Port',
      city: 'Lille',
      postcode: '59000',
      phone: '0198765432',
    }
    const gain = (a: Traits, b: Traits) => weightOf({ ...a, email }, { ...b, email }) - weightOf(a, b)
    const other = { ...far, given_name: 'Zoé', family_name: 'Klein', birth_name: 'Klein' }
    expect(gain(MOTHER, far)).toBeLessThan(gain(MOTHER, other) - 3)
    expect(gain(MOTHER, far)).toBeLessThan(5)
  })

  test('a newborn is not linked with a sister who lives in the town and has the telephone, but another home: families move as one person does', () => {
    const newborn = { ...MOTHER, given_name: 'Bébé', birth_date: '2023-02-11' }
    const sister = { ...MOTHER, given_name: 'Léa', birth_date: '2021-02-10', street: '3 place du Port' }
    // Below what makes a link.
    expect(probabilityOf(weightOf(newborn, sister))).toBeLessThan(LINK_PROBABILITY)
  })
})
