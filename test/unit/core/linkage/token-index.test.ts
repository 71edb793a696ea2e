import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenIndex } from '../../../../services/core/linkage/token-index.ts'

const LIMITS = { budget: 4, hub: 10 }
const tokens = (...values: number[]) => Int32Array.from(values.flatMap((value) => [value, value === 0 ? 0 : 7]))

test('candidates share a token; those of the rarest token come first, each once', () => {
  const index = tokenIndex(2)
  index.add(0, tokens(1, 5))
  index.add(1, tokens(2, 5))
  index.add(2, tokens(1, 6))
  expect(index.candidates(tokens(1, 6), LIMITS)).toEqual({ records: [2, 0], hubs: 0, overBudget: false })
  expect(index.candidates(tokens(0, 0), LIMITS).records).toEqual([])
})

test('a token that too many share is skipped and counted', () => {
  const index = tokenIndex(2)
  for (let record = 0; record < 11; record++) index.add(record, tokens(1, 100 + record))
  expect(index.candidates(tokens(1, 103), LIMITS)).toEqual({ records: [3], hubs: 1, overBudget: false })
})

test('a token counts whole or not at all, the rarest always', () => {
  const index = tokenIndex(2)
  for (let record = 0; record < 6; record++) index.add(record, tokens(1, record < 2 ? 2 : 3))
  const { records, overBudget } = index.candidates(tokens(1, 2), LIMITS)
  expect(records.toSorted((a, b) => a - b)).toEqual([0, 1])
  expect(overBudget).toBe(true)
  expect(index.candidates(tokens(1, 0), LIMITS).records).toHaveLength(6)
})

test('the table grows', () => {
  const index = tokenIndex(1)
  for (let record = 0; record < 50_000; record++) index.add(record, tokens(record + 1))
  for (const record of [0, 12_345, 49_999])
    expect(index.candidates(tokens(record + 1), LIMITS).records).toEqual([record])
})

test('a record that was added is no candidate of itself, and not one of those that share its tokens', () => {
  const index = tokenIndex(2)
  for (let record = 0; record < 11; record++) index.add(record, tokens(1, 2))
  // Ten others share them, which is the limit.
  expect(index.candidates(tokens(1, 2), LIMITS, 4).records.toSorted((a, b) => a - b)).toEqual([
    0, 1, 2, 3, 5, 6, 7, 8, 9, 10,
  ])
  expect(index.candidates(tokens(1, 2), LIMITS).hubs).toBe(2)
})

test('all records of a token are named when more share it than the limit, and when no more do', () => {
  const index = tokenIndex(2)
  const named = (records: readonly number[]) => records.toSorted((a, b) => a - b)
  expect([0, 1].map((record) => index.add(record, tokens(1, 2), 2))).toEqual([[], []])
  expect(named(index.add(2, tokens(1, 3), 2))).toEqual([0, 1, 2])
  expect(index.add(3, tokens(1, 3), 2)).toEqual([])
  expect(index.remove(0, tokens(1, 2), 2)).toEqual([])
  expect(named(index.remove(3, tokens(1, 3), 2))).toEqual([1, 2])
  expect(index.remove(1, tokens(1, 2), 2)).toEqual([])
  // Without a limit none is.
  for (const record of [4, 5, 6]) expect(index.add(record, tokens(9, 9))).toEqual([])
  expect(index.remove(4, tokens(9, 9))).toEqual([])
})

test('whatever is added, removed and added again: the candidates are those of an index that has only what is left', () => {
  const step = fc.record({ record: fc.nat(19), values: fc.array(fc.nat(6), { minLength: 3, maxLength: 3 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const index = tokenIndex(3)
      const left = new Map<number, Int32Array>()
      for (const { record, values } of steps) {
        const known = left.get(record)
        if (known) index.remove(record, known)
        left.delete(record)
        // Every third step only removes.
        if (values[0] === 0) continue
        const own = tokens(...values.map((value, kind) => (value === 0 ? 0 : 10 * kind + value)))
        index.add(record, own)
        left.set(record, own)
      }
      const fresh = tokenIndex(3)
      for (const [record, own] of left) fresh.add(record, own)
      const all = { budget: 100, hub: 100 }
      for (let value = 1; value <= 6; value++) {
        const asked = tokens(value, 10 + value, 20 + value)
        const [one, other] = [index, fresh].map((each) => each.candidates(asked, all))
        expect(new Set(one?.records)).toEqual(new Set(other?.records))
        expect(index.candidates(asked, { budget: 100, hub: 2 }).hubs).toBe(
          fresh.candidates(asked, { budget: 100, hub: 2 }).hubs,
        )
      }
    }),
  )
})
