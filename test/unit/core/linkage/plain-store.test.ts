import { expect, test } from 'vitest'
import { layoutOf } from '../../../../services/core/linkage/layout.ts'
import { plainStore } from '../../../../services/core/linkage/plain-store.ts'
import type { Traits } from '../../../../services/core/linkage/traits.ts'

const layout = layoutOf(new Set(['family_name', 'given_name', 'birth_date'] as const))
const PEOPLE: readonly Traits[] = [
  { family_name: 'MARTIN', given_name: 'CAMILLE', birth_date: '19850211' },
  { family_name: 'PETIT', given_name: 'LEA', birth_date: '19850211' },
  { family_name: 'MARTIN', given_name: 'LEO', birth_date: '20010403' },
]

test('a model that was learnt in another order of arrival knows the values: a fingerprint depends on the value alone', () => {
  const [one, other] = [plainStore(layout), plainStore(layout)]
  for (const person of PEOPLE) one.add(person)
  for (const person of PEOPLE.toReversed()) other.add(person)
  for (const [at] of PEOPLE.entries())
    for (const field of layout.fields.keys())
      expect(one.fingerprint(at, field)).toBe(other.fingerprint(PEOPLE.length - 1 - at, field))
})

test('a value that is missing has no fingerprint and is like no other', () => {
  const store = plainStore(layout)
  store.add({ family_name: 'MARTIN' })
  store.add({ family_name: 'MARTIN' })
  const at = layout.fields.findIndex(({ trait }) => trait === 'given_name')
  expect(store.fingerprint(0, at)).toBe(0)
  expect(store.similarity(0, at, 1, at)).toBe(-1)
})
