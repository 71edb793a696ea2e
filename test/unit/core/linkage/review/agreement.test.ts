import { expect, test } from 'vitest'
import { agreement, statistics } from '#core/linkage/review/agreement.ts'
import { type Entry, standingOf, type Verdict } from '#core/linkage/review/standing.ts'
import { statisticsText } from '../../../../../services/cli/link-review/review-text.ts'

const times = (count: number, one: Verdict, two: Verdict) => Array.from({ length: count }, () => [one, two] as const)

test('the kappa of a table whose kappa is published: 20, 5, 10, 15 of 50 give 0.4', () => {
  const reads = [
    ...times(20, 'accept', 'accept'),
    ...times(5, 'accept', 'never'),
    ...times(10, 'never', 'accept'),
    ...times(15, 'never', 'never'),
  ]
  expect(agreement(reads)).toEqual({ pairs: 50, agreed: 35, percent: 70, kappa: 0.4 })
})

test('kappa is 1 where all agree, -1 where none does, 0 where one says the same of all, and null where both do', () => {
  const kappa = (...reads: ReturnType<typeof times>) => agreement(reads).kappa
  expect(kappa(...times(3, 'accept', 'accept'), ...times(2, 'never', 'never'))).toBe(1)
  expect(kappa(...times(2, 'accept', 'never'), ...times(2, 'never', 'accept'))).toBe(-1)
  expect(kappa(...times(2, 'accept', 'accept'), ...times(2, 'accept', 'never'))).toBe(0)
  expect(kappa(...times(4, 'never', 'never'))).toBeNull()
  expect(agreement([])).toEqual({ pairs: 0, agreed: 0, percent: null, kappa: null })
})

const read = (
  n: number,
  pattern: string,
  ...verdicts: readonly (readonly [string, Entry['entry'], Entry['mode']?])[]
) =>
  standingOf(
    verdicts.map(([reviewer, entry, mode = 'second']) => ({
      ...{ pair: `${n}`.padStart(24, '0'), pattern, at: 1, account: 'os:test', reviewer, entry, mode },
    })),
  )

test('pairs read twice count, by reviewers whoever was first, and by pattern; a third, a first and one alone do not', () => {
  const result = statistics([
    read(1, 'x', ['anna', 'accept'], ['bert', 'accept']),
    read(2, 'x', ['bert', 'never'], ['anna', 'accept'], ['carl', 'never', 'third']),
    read(3, 'y', ['carl', 'never'], ['anna', 'never']),
    read(4, 'y', ['anna', 'never']),
    read(5, 'y', ['anna', 'never', 'alone']),
    read(6, 'z', ['anna', 'never'], ['bert', 'accept']),
    read(7, 'z', ['anna', 'never'], ['bert', 'accept'], ['bert', 'undo']),
  ])
  expect(result.pairs).toEqual({ open: 0, 'waits-for-second': 2, disputed: 1, decided: 4 })
  expect(result.all).toMatchObject({ pairs: 4, agreed: 2, percent: 50 })
  expect(result.reviewers).toEqual([
    // Anna said accept, accept, never; Bert accept, never, accept.
    { names: ['anna', 'bert'], pairs: 3, agreed: 1, percent: 33.3, kappa: -0.5 },
    { names: ['anna', 'carl'], pairs: 1, agreed: 1, percent: 100, kappa: null },
  ])
  expect(result.patterns.map(({ pattern, pairs, agreed }) => [pattern, pairs, agreed])).toEqual([
    ['x', 2, 1],
    ['y', 1, 1],
    ['z', 1, 0],
  ])
  const text = statisticsText(result)
  expect(text).toContain('decided 4, wait for a second reviewer 2, disputed 1')
  expect(text).toMatch(/anna, bert +3 +1 +33\.3 +-0\.500/)
})
