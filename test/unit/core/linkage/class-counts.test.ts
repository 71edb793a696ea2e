import { describe, expect, test } from 'vitest'
import { type ClassBounds, classCounts } from '../../../../services/core/linkage/class-counts.ts'
import { classesFor, isTwins, type MatchClass } from '../../../../services/core/linkage/classes.ts'
import type { Trait } from '../../../../services/core/linkage/traits.ts'

const TRAITS: readonly Trait[] = ['given_name', 'family_name', 'birth_date', 'sex', 'street', 'city', 'phone']
const classes = classesFor(TRAITS)
const BOUNDS: ClassBounds = { mIsKnown: false, strangers: 1e6, byChance: () => 50 }
const at = (groups: string, match = false) => {
  const found = classes.findIndex((one) => one.match === match && one.groups === groups)
  expect(found, groups).toBeGreaterThanOrEqual(0)
  return found
}

/** @param pairs by groups of fields; of one person with a + before them @returns the count of each class */
function counted(pairs: Readonly<Record<string, number>>, ofTwoSexes = 0, bounds = BOUNDS) {
  const shares = new Float64Array(classes.length)
  for (const [groups, count] of Object.entries(pairs))
    shares[at(groups.replace('+', ''), groups.startsWith('+'))] = count
  const counts = classCounts(classes, { shares, ofTwoSexes }, bounds)
  const sumOf = (wanted: (one: MatchClass) => boolean) =>
    classes.reduce((sum, one, z) => sum + (wanted(one) ? (counts[z] as number) : 0), 0)
  return { of: (groups: string) => counts[at(groups)] as number, twins: sumOf(isTwins), counts }
}

describe('twins', () => {
  test('are few, where nothing shows how many', () => {
    expect(counted({ '+BFGHPST': 1000, BFHPT: 200 }).twins).toBeLessThan(7)
  })

  test('are at most about three times those of two sexes', () => {
    const { twins } = counted({ '+BFGHPST': 1000, BFHPT: 200 }, 30)
    expect(twins).toBeGreaterThan(88)
    expect(twins).toBeLessThan(92)
    expect(counted({ '+BFGHPST': 1000, BFHPT: 60 }, 30).twins).toBeLessThan(61)
  })

  test('are as many as the pairs say, where numbers show how one person is written', () => {
    expect(counted({ '+BFGHPST': 1000, BFHPT: 200 }, 0, { ...BOUNDS, mIsKnown: true }).twins).toBeGreaterThan(190)
  })

  test('move, and change their telephone, as often as one person does', () => {
    const { of } = counted({ '+BFGHPST': 800, '+BFGPST': 200, BFHPT: 100 }, 40)
    expect(of('BFPT') / of('BFHPT')).toBeCloseTo(0.2 / 1, 1)
  })
})

describe('people of one name at one home', () => {
  test('are few for each pair of one person, where there are no families', () => {
    expect(counted({ '+BFGHPST': 1000, FGHPST: 100 }).of('FGHPST')).toBeCloseTo(1)
  })

  test('are a few in a hundred of the families at one home', () => {
    expect(counted({ '+BFGHPST': 1000, FHPT: 2000, FGHPST: 100 }).of('FGHPST')).toBeCloseTo(40)
  })
})

test('namesakes are as many as chance says, and strangers as many as there are', () => {
  const { of } = counted({ '+BFGHPST': 1000, FGS: 400 })
  expect(of('FGS')).toBe(50)
  expect(of('')).toBe(1e6)
})

test('without a pair nothing is counted, and every count is a number', () => {
  expect(counted({}).counts.every((count) => Number.isFinite(count) && count >= 0)).toBe(true)
})
