/** The kinds of a stored record's tokens are found again from its traits and how many there are, or not at all. */
import { expect, test } from 'vitest'
import { recordEncoder } from '../../../../services/core/linkage/encode.ts'
import { normaliseTraits } from '../../../../services/core/linkage/normalise-traits.ts'
import { tokenNames } from '../../../../services/core/linkage/token-names.ts'
import type { Trait, Traits } from '../../../../services/core/linkage/traits.ts'
import { simulatedSet } from '../../../helpers/simulated-set.ts'

const data = simulatedSet(500)

test.each([
  ['as they are written', (one: Traits): Traits => one],
  [
    'without the day of birth',
    (one: Traits): Traits => ({ ...one, birth_date: `${one.birth_date?.slice(0, 4)}-00-00` }),
  ],
  ['without the year of birth', (one: Traits): Traits => ({ ...one, birth_date: `0000${one.birth_date?.slice(4)}` })],
  ['without a name', (one: Traits): Traits => ({ ...one, given_name: 'Bébé' })],
])('of records %s', (_how, change) => {
  const encoder = recordEncoder(
    new Set<Trait>([...data.traits, 'birth_name', 'middle_name', 'street_number']),
    Buffer.alloc(32, 1),
  )
  let known = 0
  for (const n of data.ids.keys()) {
    const traits = normaliseTraits(change(data.record(n) as Traits), 'YYYY-MM-DD')
    const { filters, tokens } = encoder.encode(traits)
    const made = encoder.kinds.filter((_, at) => tokens[2 * at] !== 0 || tokens[2 * at + 1] !== 0)
    const has = (trait: Trait) => {
      const field = encoder.layout.fields.find((one) => one.trait === trait)
      return field !== undefined && filters.subarray(field.offset, field.offset + field.words).some(Boolean)
    }
    const names = tokenNames(encoder.kinds, has, made.length)
    if (!names) continue
    known++
    expect(names.map(({ name }) => name)).toEqual(made.map(({ name }) => name))
  }
  expect(known).toBeGreaterThan(0.9 * data.ids.length)
})

test('a count that no date explains is of unknown kinds', () => {
  const { kinds } = recordEncoder(new Set<Trait>(['given_name', 'family_name']), Buffer.alloc(32, 1))
  expect(tokenNames(kinds, () => true, kinds.length + 1)).toBeUndefined()
})
