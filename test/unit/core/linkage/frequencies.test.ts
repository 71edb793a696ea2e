/** Shares of values, and what one producer can do to them by inventing people. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ValueFrequencies } from '#core/linkage/frequencies.ts'
import { frequencyCounter } from '#core/linkage/frequency-counter.ts'
import { layoutOf } from '#core/linkage/layout.ts'
import { comparedFields } from '#core/linkage/levels.ts'
import type { Trait } from '#core/linkage/traits.ts'

const layout = layoutOf(new Set(['family_name']))
const fields = comparedFields(layout)
const AVERAGE = 0.01
const FREQUENT = 7
const RARE = 8

type Person = readonly [value: number, producer: number]

function countOf(people: readonly Person[], average?: number) {
  const counter = frequencyCounter(layout, fields)
  people.forEach(([value, producer]) => counter.add({ fingerprint: () => value }, 0, producer))
  const [, found] = counter.shares(average === undefined ? undefined : () => average).next().value as readonly [
    Trait,
    ValueFrequencies,
  ]
  const shares = new Map(found.frequent)
  return { found, shareOf: (value: number) => shares.get(value) ?? found.rare }
}

/** At two hospitals of 2,000 people, of which 100 have one name, three another one, and all others a name of their own. */
const people: readonly Person[] = [1, 2].flatMap((producer) =>
  Array.from(
    { length: 2000 },
    (_, n): Person => [n < 100 ? FREQUENT : n < 103 ? RARE : 10_000 * producer + n, producer],
  ),
)
const flood = (count: number, valueOf: (n: number) => number) =>
  Array.from({ length: count }, (_, n): Person => [valueOf(n), 3])

test('shares of people, one producer or several; of whom there are none, nothing is listed', () => {
  const { found, shareOf } = countOf(people)
  expect(shareOf(FREQUENT)).toBe(199 / 4000)
  expect(shareOf(RARE)).toBe(5 / 4000)
  expect(found.rare).toBe(0.5 / 4000)
  expect(found.chance).toBeCloseTo((200 * 199 + 6 * 5) / (4000 * 3999), 6)
  expect(
    countOf(
      people.map(([value]) => [value, 1]),
      AVERAGE,
    ).found,
  ).toEqual(found)
  expect(countOf([]).found).toEqual({ chance: 1, rare: 1, frequent: [] })
})

test('a producer that invents people of a rare name does not make it more frequent than the average, and of a frequent one not than it is', () => {
  const of = (invented: number, value: number) => [...people, ...flood(invented, () => value)]
  for (const invented of [100, 2000, 20_000]) {
    // Without the guard it would.
    expect(countOf(of(invented, RARE)).shareOf(RARE)).toBeGreaterThan(invented / (invented + 4001))
    expect(countOf(of(invented, RARE), AVERAGE).shareOf(RARE)).toBeLessThanOrEqual(AVERAGE)
    expect(countOf(of(invented, FREQUENT), AVERAGE).shareOf(FREQUENT)).toBeLessThanOrEqual(200 / 4000)
  }
})

test('a producer that invents other people does not make a name, nor the rest of the names, rarer than they are to the others', () => {
  const invented = [...people, ...flood(20_000, (n) => 1_000_000 + n)]
  expect(countOf(invented).shareOf(FREQUENT)).toBeLessThan(199 / 20_000)
  expect(countOf(invented, AVERAGE).shareOf(FREQUENT)).toBeGreaterThanOrEqual(AVERAGE)
  expect(countOf(invented, AVERAGE).shareOf(RARE)).toBeGreaterThanOrEqual(5 / 4000)
  expect(countOf(invented, AVERAGE).found.rare).toBeGreaterThanOrEqual(0.5 / 4000)
})

test('a guarded share is between the share of all people and the average', () => {
  const person = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 4 }))
  fc.assert(
    fc.property(
      fc.array(person, { minLength: 700, maxLength: 900 }),
      fc.double({ min: 0.001, max: 0.2, noNaN: true }),
      (some, average) => {
        const [all, guarded] = [countOf(some), countOf(some, average)]
        for (const [value, share] of all.found.frequent ?? []) {
          expect(guarded.shareOf(value)).toBeGreaterThanOrEqual(Math.min(share, average))
          expect(guarded.shareOf(value)).toBeLessThanOrEqual(Math.max(share, average))
        }
      },
    ),
    { numRuns: 30 },
  )
})
