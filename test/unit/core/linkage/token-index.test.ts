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
