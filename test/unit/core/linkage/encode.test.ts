import { expect, test } from 'vitest'
import { comparedTraits, recordEncoder } from '../../../../services/core/linkage/encode.ts'
import { featuresOf } from '../../../../services/core/linkage/features.ts'
import { normaliseTraits } from '../../../../services/core/linkage/normalise-traits.ts'
import { phoneticCode } from '../../../../services/core/linkage/phonetic.ts'
import { EQUAL, filterStore, MISSING } from '../../../../services/core/linkage/record-store.ts'
import { tokenKinds } from '../../../../services/core/linkage/tokens.ts'
import { TRAITS, type Trait, type Traits } from '../../../../services/core/linkage/traits.ts'

const ALL = new Set<Trait>(TRAITS)
const SECRET = Buffer.alloc(32, 1)
const PERSON: Traits = {
  given_name: 'Camille',
  family_name: 'Bertrand',
  birth_date: '1985-02-11',
  street: '12 rue Pasteur',
  postcode: '31000',
  city: 'Toulouse',
  phone: '0639981234',
}

function encoder(secret = SECRET, traits: ReadonlySet<Trait> = ALL) {
  const made = recordEncoder(traits, secret)
  const encode = (written: Traits) => made.encode(normaliseTraits(written, 'YYYY-MM-DD'))
  const shared = (a: Traits, b: Traits) => {
    const [one, two] = [encode(a).tokens, encode(b).tokens]
    return made.kinds.filter(
      (_, k) => one[2 * k] !== 0 && one[2 * k] === two[2 * k] && one[2 * k + 1] === two[2 * k + 1],
    )
  }
  return { ...made, encode, shared: (a: Traits, b: Traits) => shared(a, b).map(({ name }) => name) }
}

test('there are the fifteen composites and the two identifiers, and what replaces a missing trait', () => {
  expect(tokenKinds(ALL)).toHaveLength(17)
  const few = tokenKinds(new Set<Trait>(['given_name', 'family_name', 'birth_date', 'city'])).map(({ name }) => name)
  expect(few).toEqual([
    'family-code+birth',
    'given-code+birth',
    'names',
    'name-codes+year',
    'birth+city',
    'day+given',
    'day+family',
    'city+family',
    'city+given',
    'birth',
    'family+year',
    'given+year',
    'name-codes',
  ])
})

test('records of one person share tokens in spite of an error', () => {
  const { shared } = encoder()
  expect(shared(PERSON, { ...PERSON, given_name: 'Bertrand', family_name: 'Camille' })).toContain('names')
  expect(shared(PERSON, { ...PERSON, family_name: 'Bertran' })).toContain('family-code+birth')
  expect(shared(PERSON, { ...PERSON, birth_date: '1985-11-02', family_name: 'Bertrant' })).toContain('name-codes+year')
  expect(shared(PERSON, { birth_date: '1985-02-11' })).toEqual([])
})

test('encodings depend on the secret alone', () => {
  const one = encoder().encode(PERSON)
  expect(encoder().encode(PERSON)).toEqual(one)
  const other = encoder(Buffer.alloc(32, 2)).encode(PERSON)
  expect(other.filters).not.toEqual(one.filters)
  expect(other.tokens).not.toEqual(one.tokens)
})

test('a missing trait has no bit and no token', () => {
  const { filters, tokens } = encoder().encode({})
  expect(filters.every((word) => word === 0)).toBe(true)
  expect(tokens.every((word) => word === 0)).toBe(true)
})

test('the traits of a hospital take 300 bytes at most', () => {
  const { layout, kinds } = recordEncoder(ALL, SECRET)
  expect(layout.words * 4).toBeLessThanOrEqual(320)
  expect(kinds.length * 8).toBe(136)
})

test('the filters estimate the Dice coefficient of the features', () => {
  const { layout, encode } = encoder()
  const store = filterStore(layout)
  const at = layout.fields.findIndex(({ trait }) => trait === 'family_name')
  const names = ['BERTRAND', 'BERTRAN', 'BERNARD', 'DURAND', 'MARTINEZ', 'MARTIN', 'LEGALL', 'LEGAL']
  for (const family_name of names) store.add(encode({ family_name }))
  let error = 0
  let pairs = 0
  for (const [a, one] of names.entries())
    for (const [b, two] of names.entries()) {
      if (a === b) expect(store.similarity(a, at, b, at)).toBe(EQUAL)
      if (a >= b) continue
      const [x, y] = [new Set(featuresOf('family_name', one)), new Set(featuresOf('family_name', two))]
      const dice = (2 * [...x].filter((feature) => y.has(feature)).length) / (x.size + y.size)
      error += Math.abs(store.similarity(a, at, b, at) - dice)
      pairs++
    }
  expect(error / pairs).toBeLessThan(0.06)
  expect(store.similarity(0, at + 1, 1, at)).toBe(MISSING)
})

test('a source with given names and streets also has what they contain', () => {
  expect([...comparedTraits(new Set<Trait>(['given_name', 'street', 'birth_name']))].toSorted()).toEqual([
    'birth_name',
    'family_name',
    'given_name',
    'middle_name',
    'street',
    'street_number',
  ])
})

test.each([
  ['PHILIPPE', 'FILIPE'],
  ['KARINE', 'CARINE'],
  ['HELENE', 'ELENE'],
  ['WALTER', 'VALTER'],
])('%s sounds like %s', (a, b) => {
  expect(phoneticCode(a)).toBe(phoneticCode(b))
})

test.each<[string, Trait[], string[]]>([
  ['names alone', ['given_name', 'family_name'], ['names', 'name-codes', 'family', 'given']],
  ['names and birth date', ['given_name', 'family_name', 'birth_date'], ['birth', 'family+year', 'name-codes']],
  ['an address alone', ['street', 'city', 'postcode'], ['street+postcode', 'street+city']],
])('with %s there are passes that ask for less', (_what, traits, wanted) => {
  const names = tokenKinds(new Set(traits)).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(wanted))
  expect(tokenKinds(new Set<Trait>(TRAITS)).some(({ name }) => name === 'birth' || name === 'street+city')).toBe(false)
})

test('kinds of tokens can be left out', () => {
  const traits = new Set<Trait>(TRAITS)
  const { kinds, encode } = recordEncoder(traits, Buffer.alloc(32, 1), ({ name }) => name === 'phone')
  expect(kinds.map(({ name }) => name)).toEqual(['phone'])
  expect(encode({ phone: '0612345678', given_name: 'ANA' }).tokens).toHaveLength(2)
})
