import { describe, expect, test } from 'vitest'
import { bucketsOf, quantile, quantilesOf } from '#core/telemetry/quantiles.ts'

const INFINITE = Number.POSITIVE_INFINITY

describe('quantiles of a histogram', () => {
  const buckets = [
    { le: 1, count: 50 },
    { le: 2, count: 90 },
    { le: 4, count: 100 },
    { le: INFINITE, count: 100 },
  ]

  test('are linear inside the bucket that contains the rank', () => {
    expect(quantile(0.5, buckets)).toBe(1)
    expect(quantile(0.25, buckets)).toBe(0.5)
    expect(quantile(0.95, buckets)).toBe(3)
    expect(quantile(0.99, buckets)).toBeCloseTo(3.8)
  })

  test('do not depend on the order of the buckets', () => {
    expect(quantile(0.95, buckets.toReversed())).toBe(3)
  })

  test('without observations are null, never 0', () => {
    expect(quantile(0.5, [])).toBeNull()
    expect(quantilesOf([{ le: INFINITE, count: 0 }])).toEqual({
      p50: null,
      p95: null,
      p99: null,
      beyond: false,
      count: 0,
    })
  })

  test('beyond the last bound are that bound, with `beyond` set', () => {
    const slow = [
      { le: 600, count: 10 },
      { le: INFINITE, count: 100 },
    ]
    expect(quantilesOf(slow)).toMatchObject({ p50: 600, p99: 600, beyond: true, count: 100 })
  })

  test('skip empty buckets before the rank', () => {
    expect(
      quantile(0.5, [
        { le: 1, count: 0 },
        { le: 2, count: 0 },
        { le: 3, count: 10 },
      ]),
    ).toBe(2.5)
  })
})

test('buckets add the series of one bound together', () => {
  const sample = (feed: string, le: string, value: number) => ({ labels: { feed, le }, value })
  const samples = [sample('a', '1', 3), sample('a', '+Inf', 4), sample('b', '1', 2), sample('b', '+Inf', 2)]
  expect(bucketsOf(samples)).toEqual([
    { le: 1, count: 5 },
    { le: INFINITE, count: 6 },
  ])
})
