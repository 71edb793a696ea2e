import { describe, expect, test } from 'vitest'
import { quantile, quantilesOf } from '../../../../services/console/collectors/quantiles.ts'
import { createServiceMetrics } from '../../../../services/console/collectors/service-metrics.ts'

const INFINITE = Number.POSITIVE_INFINITY

describe('quantiles of a histogram', () => {
  const buckets = [
    { le: 1, count: 50 },
    { le: 2, count: 90 },
    { le: 4, count: 100 },
    { le: INFINITE, count: 100 },
  ]

  test('are linear inside the bucket that holds the rank', () => {
    expect(quantile(0.5, buckets)).toBe(1)
    expect(quantile(0.25, buckets)).toBe(0.5)
    expect(quantile(0.95, buckets)).toBe(3)
    expect(quantile(0.99, buckets)).toBeCloseTo(3.8)
  })

  test('do not depend on the order of the buckets', () => {
    expect(quantile(0.95, buckets.toReversed())).toBe(3)
  })

  test('of nothing are nothing, never 0', () => {
    expect(quantile(0.5, [])).toBeNull()
    expect(quantilesOf([{ le: INFINITE, count: 0 }])).toEqual({
      p50: null,
      p95: null,
      p99: null,
      beyond: false,
      count: 0,
    })
  })

  test('beyond the last bound are that bound, and say so', () => {
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

describe('quantiles of a service over time', () => {
  const scrape = (low: number, high: number) => [
    { name: 'f_bucket', labels: { feed: 'a', le: '1' }, value: low },
    { name: 'f_bucket', labels: { feed: 'a', le: '2' }, value: low + high },
    { name: 'f_bucket', labels: { feed: 'a', le: '+Inf' }, value: low + high },
  ]

  test('the window sees only the last 60 s, the start sees all, and a restart loses nothing', () => {
    const metrics = createServiceMetrics()
    metrics.take(scrape(1_000, 0), 0)
    metrics.take(scrape(1_000, 10), 1_000)
    expect(metrics.quantiles('f', {}, 'window', 1_000)).toMatchObject({ count: 10, p50: 1.5 })
    expect(metrics.quantiles('f', {}, 'start', 1_000).count).toBe(1_010)
    metrics.take(scrape(0, 5), 2_000)
    expect(metrics.quantiles('f', {}, 'window', 2_000).count).toBe(15)
    expect(metrics.quantiles('f', {}, 'start', 2_000).count).toBe(1_015)
    expect(metrics.quantiles('f', {}, 'window', 90_000).count).toBe(0)
  })
})
