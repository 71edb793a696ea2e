/** When records arrive, and how many of those that wait are linked together. */
import { expect, test } from 'vitest'
import { arrivalTimes } from '../../../services/linker/evaluate/pace-arrivals.ts'
import { randomOf } from '../../../services/linker/evaluate/random.ts'
import { batchSize, MOST_IN_BATCH } from '../../../services/linker/link/batch-size.ts'

test('what waits is linked together, up to a bound; nothing where nothing waits', () => {
  expect([0, 1, 40, MOST_IN_BATCH, MOST_IN_BATCH + 1, 10_000].map(batchSize)).toEqual([
    ...[0, 1, 40],
    ...[MOST_IN_BATCH, MOST_IN_BATCH, MOST_IN_BATCH],
  ])
})

test('arrivals rise, have the rate, and come independently of each other: their gaps vary as much as they last', () => {
  const times = arrivalTimes(20_000, 4000, randomOf(1))
  const gaps = Array.from(times, (time, at) => time - (times[at - 1] ?? 0))
  expect(gaps.every((gap) => gap >= 0)).toBe(true)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  expect(mean).toBeCloseTo(0.25, 2)
  expect(deviation / mean).toBeCloseTo(1, 1)
  expect(arrivalTimes(20_000, 4000, randomOf(1))).toEqual(times)
})
