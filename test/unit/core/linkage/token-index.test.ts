import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shareOf } from '../../../../services/core/linkage/producer-shares.ts'
import { tokenIndex } from '../../../../services/core/linkage/token-index.ts'

const BUDGET = 4
const HUB = 10
/** All records are of one producer. */
const one = { producerOf: () => 0, compare: (a: number, b: number) => a - b }
const indexOf = (kinds: number, hub = HUB) => tokenIndex(kinds, hub, one)
const tokens = (...values: number[]) => Int32Array.from(values.flatMap((value) => [value, value === 0 ? 0 : 7]))

test('candidates share a token; those of the rarest token come first, each once', () => {
  const index = indexOf(2)
  index.add(0, tokens(1, 5))
  index.add(1, tokens(2, 5))
  index.add(2, tokens(1, 6))
  expect(index.candidates(tokens(1, 6), BUDGET)).toEqual({ records: [2, 0], hubs: 0, overBudget: false })
  expect(index.candidates(tokens(0, 0), BUDGET).records).toEqual([])
})

test('a token that too many share is skipped and counted', () => {
  const index = indexOf(2)
  for (let record = 0; record < 11; record++) index.add(record, tokens(1, 100 + record))
  expect(index.candidates(tokens(1, 103), BUDGET)).toEqual({ records: [3], hubs: 1, overBudget: false })
})

test('a token counts whole or not at all, the rarest always', () => {
  const index = indexOf(2)
  for (let record = 0; record < 6; record++) index.add(record, tokens(1, record < 2 ? 2 : 3))
  const { records, overBudget } = index.candidates(tokens(1, 2), BUDGET)
  expect(records.toSorted((a, b) => a - b)).toEqual([0, 1])
  expect(overBudget).toBe(true)
  expect(index.candidates(tokens(1, 0), BUDGET).records).toHaveLength(6)
})

test('the table grows', () => {
  const index = indexOf(1)
  for (let record = 0; record < 50_000; record++) index.add(record, tokens(record + 1))
  for (const record of [0, 12_345, 49_999])
    expect(index.candidates(tokens(record + 1), BUDGET).records).toEqual([record])
})

test('a record that was added is no candidate of itself, and meets those that use the tokens which it uses', () => {
  const index = indexOf(2)
  for (let record = 0; record < 10; record++) index.add(record, tokens(1, 2))
  const others = [0, 1, 2, 3, 5, 6, 7, 8, 9]
  expect(index.candidates(tokens(1, 2), BUDGET, 4).records.toSorted((a, b) => a - b)).toEqual(others)
  index.add(10, tokens(1, 3))
  expect(index.candidates(tokens(1, 2), BUDGET, 4)).toMatchObject({ hubs: 1, overBudget: false })
  expect(index.candidates(tokens(1, 2), BUDGET)).toMatchObject({ hubs: 1 })
})

test('the records are named that no longer use a token since another one came, and that do since one went', () => {
  const index = indexOf(2, 2)
  const named = (records: readonly number[]) => records.toSorted((a, b) => a - b)
  expect([0, 1].map((record) => index.add(record, tokens(1, 2)))).toEqual([[], []])
  expect(named(index.add(2, tokens(1, 3)))).toEqual([0, 1])
  expect(index.add(3, tokens(1, 3))).toEqual([])
  expect(index.remove(0, tokens(1, 2))).toEqual([])
  expect(named(index.remove(3, tokens(1, 3)))).toEqual([1, 2])
  expect(index.remove(1, tokens(1, 2))).toEqual([])
  expect(index.remove(2, tokens(1, 3))).toEqual([])
  expect(index.add(4, tokens(1, 2))).toEqual([])
  expect(index.candidates(tokens(1, 2), BUDGET).records).toEqual([4])
})

interface Sent {
  readonly producer: number
  readonly own: Int32Array
}

/** Records come in no order that their numbers tell. */
const rankOf = (record: number) => (record * 7919) % 101

/** The definition: of all records that have a token, those that use it. */
function usersByDefinition(sent: ReadonlyMap<number, Sent>, value: number, hub: number): ReadonlySet<number> {
  const having = [...sent].filter(([, { own }]) => own.includes(value))
  const byProducer = [...Map.groupBy(having, ([, { producer }]) => producer).values()].filter(
    (records) => records.length <= hub,
  )
  const withShare = (share: number) => byProducer.reduce((sum, records) => sum + Math.min(records.length, share), 0)
  let share = hub
  while (withShare(share) > hub) share--
  return new Set(
    byProducer.flatMap((records) =>
      records
        .map(([record]) => record)
        .toSorted((a, b) => rankOf(a) - rankOf(b))
        .slice(0, share),
    ),
  )
}

const KINDS = 3
const step = fc.record({
  record: fc.nat(29),
  producer: fc.nat(4),
  values: fc.array(fc.nat(3), { minLength: KINDS, maxLength: KINDS }),
})

test('whatever is added, removed and added again by several producers: who uses a token is what the definition says, and all others that it changes for are named', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 2, max: 9 }), (steps, hub) => {
      const left = new Map<number, Sent>()
      const producers: number[] = []
      const index = tokenIndex(KINDS, hub, {
        producerOf: (record) => producers[record] as number,
        compare: (a, b) => rankOf(a) - rankOf(b),
      })
      const values = Array.from({ length: KINDS }, (_, kind) => [1, 2, 3].map((value) => 10 * kind + value)).flat()
      const all = () => new Map(values.map((value) => [value, usersByDefinition(left, value, hub)]))
      let before = all()
      const check = (named: readonly number[], itself: number) => {
        const after = all()
        const changed = values.flatMap((value) => [
          ...[...(before.get(value) ?? [])].filter((record) => !after.get(value)?.has(record)),
          ...[...(after.get(value) ?? [])].filter((record) => !before.get(value)?.has(record)),
        ])
        expect(new Set(named)).toEqual(new Set(changed.filter((record) => record !== itself)))
        before = after
      }
      for (const { record, producer, values: sent } of steps) {
        const known = left.get(record)
        left.delete(record)
        if (known) check(index.remove(record, known.own), record)
        // Every fourth step only removes.
        if (sent[0] === 0) continue
        const own = tokens(...sent.map((value, kind) => (value === 0 ? 0 : 10 * kind + value)))
        producers[record] = producer
        left.set(record, { producer, own })
        check(index.add(record, own), record)
      }
      for (const [value, users] of before) {
        expect(new Set(index.candidates(tokens(value), 100).records)).toEqual(users)
        // A member meets the others that use a token which it uses.
        for (const [record, { own }] of left) {
          if (!own.includes(value)) continue
          const met = index.candidates(tokens(value), 100, record)
          expect(new Set(met.records)).toEqual(new Set(users.has(record) ? [...users].filter((n) => n !== record) : []))
          expect(met.hubs).toBe(users.has(record) ? 0 : 1)
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('a producer keeps the use of a token for as many records as the limit divided by the producers that have it, whatever the others send', () => {
  const counts = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 100 }), (others, own) => {
      const share = shareOf([...others, own], 100)
      expect(share).toBeGreaterThanOrEqual(Math.min(100, Math.floor(100 / (others.length + 1))))
      const used = [...others, own].reduce((sum, count) => sum + (count > 100 ? 0 : Math.min(count, share)), 0)
      expect(used).toBeLessThanOrEqual(100)
    }),
  )
})

test('of one producer that sends more and more, an invented record takes at most one from the others, and from those that have most', () => {
  const hospital = 60
  for (let invented = 0; invented <= 100; invented++) {
    const share = shareOf([hospital, 1, 2, invented], 100)
    expect(share).toBeGreaterThanOrEqual(2)
    expect(Math.min(hospital, share)).toBeGreaterThanOrEqual(hospital - invented)
    expect(Math.min(hospital, share)).toBeGreaterThanOrEqual(48)
  }
  expect(shareOf([hospital, 1, 2, 101], 100)).toBe(100)
})

test('a flood of one producer is looked at once, not with each record that comes', () => {
  const flood = 20_000
  const index = tokenIndex(1, 100, {
    producerOf: (record) => (record < 2 ? record : 2),
    compare: (a, b) => a - b,
  })
  index.add(0, tokens(1))
  index.add(1, tokens(1))
  const started = performance.now()
  for (let record = 2; record < flood; record++) index.add(record, tokens(1))
  for (let record = flood; record < 2 * flood; record++) {
    index.add(record, tokens(1))
    index.remove(record, tokens(1))
  }
  expect(index.candidates(tokens(1), BUDGET, 0).records).toEqual([1])
  // Linear: some 20 ms; to walk the records of the token each time takes half a minute.
  expect(performance.now() - started).toBeLessThan(5000)
})
