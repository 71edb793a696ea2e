import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Candidate,
  decideDirect,
  decideHashed,
  decideStep,
  expectedByChance,
  falseMatchProbability,
} from '../../../../services/extract/external/decide.ts'

const one = (ticket: string, ...candidates: readonly Candidate[]) => ({ ticket, candidates })
const of = (person: string, weight: number, number = false): Candidate => ({ person, weight, number })

test('a number that one person has decides, unless the traits contradict it; then the model, above its threshold', () => {
  const { linked, unlinked } = decideDirect(
    [
      one('number', of('P1', 2, true), of('P2', 9)),
      one('contradicted', of('P3', -1, true)),
      one('two of one number', of('P4', 9, true), of('P5', 9, true)),
      one('model', of('P6', 5), of('P6', 2)),
      one('below', of('P7', 2)),
      one('two persons', of('P8', 9), of('P9', 2)),
      one('nobody'),
    ],
    0.9,
  )
  expect(linked.map(({ ticket, person, pass }) => [ticket, person, pass])).toEqual([
    ['number', 'P1', 'national number'],
    ['model', 'P6', 'model'],
  ])
  expect(Object.fromEntries(unlinked)).toEqual({
    contradicted: 'uncertain',
    'two of one number': 'multiple',
    below: 'uncertain',
    'two persons': 'multiple',
    nobody: 'none',
  })
})

test('two subjects of one person are both excluded, also where one has the number', () => {
  const { linked, unlinked } = decideDirect([one('a', of('P', 9, true)), one('b', of('P', 9))], 0.9)
  expect([linked, [...unlinked.values()]]).toEqual([[], ['multiple', 'multiple']])
})

test('by the hash of a number alone: one person, of one subject; nothing says how sure it is', () => {
  const { linked, unlinked } = decideHashed([
    one('two patients of one person', of('P1', 0, true), of('P1', 0, true)),
    one('two persons', of('P2', 0, true), of('P3', 0, true)),
    one('a', of('P4', 0, true)),
    one('b', of('P4', 0, true)),
    one('nobody'),
  ])
  expect(linked).toEqual([
    { ticket: 'two patients of one person', person: 'P1', pass: 'hashed number', probability: null },
  ])
  expect(Object.fromEntries(unlinked)).toEqual({
    'two persons': 'multiple',
    a: 'multiple',
    b: 'multiple',
    nobody: 'none',
  })
})

test('whatever the candidates: no person and no subject is linked twice, and each subject has one outcome', () => {
  const candidate = fc.record({
    person: fc.constantFrom('P', 'Q', 'R', 'S'),
    weight: fc.integer({ min: -5, max: 20 }),
    number: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(fc.array(candidate, { maxLength: 3 }), { maxLength: 8 }), (lists) => {
      const subjects = lists.map((candidates, at) => ({ ticket: `t${at}`, candidates }))
      for (const { linked, unlinked } of [decideDirect(subjects, 0.9), decideHashed(subjects)]) {
        const persons = linked.map(({ person }) => person)
        expect(new Set(persons).size).toBe(persons.length)
        const outcomes = [...linked.map(({ ticket }) => ticket), ...unlinked.keys()]
        expect(outcomes.toSorted()).toEqual(subjects.map(({ ticket }) => ticket).toSorted())
      }
    }),
  )
})

test('a step links one to one: neither several persons, nor a person whom another subject has, nor one that is taken', () => {
  const { linked, multiple } = decideStep(
    [
      { ticket: 'one', persons: 1, person: 'P', claims: 1 },
      { ticket: 'several', persons: 2, person: 'Q', claims: 1 },
      { ticket: 'shared', persons: 1, person: 'R', claims: 2 },
      { ticket: 'late', persons: 1, person: 'T', claims: 1 },
    ],
    new Set(['T']),
  )
  expect([...linked]).toEqual([['one', 'P']])
  expect([...multiple]).toEqual(['several', 'shared', 'late'])
})

test('what is expected by chance, and how probable it is that the only person found is another one', () => {
  // Of 1,000 persons 100 have the sex and month, 10 the date: one of a thousand has both.
  expect(expectedByChance(1000, [100, 10])).toBeCloseTo(1)
  expect(expectedByChance(1000, [1000])).toBe(1000)
  expect(falseMatchProbability(0, 0.5)).toBe(0)
  expect(falseMatchProbability(1, 0.5)).toBeCloseTo(0.5)
  expect(falseMatchProbability(0.01, 0.9)).toBeCloseTo(0.0011, 4)
  // Simulated: half of the subjects are there; others agree by chance as a Poisson number of mean 1.
  let [only, wrong, seed] = [0, 0, 1]
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const poisson = () => {
    let n = 0
    for (let p = random(); p > Math.exp(-1); p *= random()) n++
    return n
  }
  for (let n = 0; n < 40_000; n++) {
    const present = random() < 0.5 ? 1 : 0
    if (present + poisson() !== 1) continue
    only++
    if (present === 0) wrong++
  }
  expect(wrong / only).toBeCloseTo(falseMatchProbability(1, 0.5), 1)
})
