import { describe, expect, test } from 'vitest'
import { createServiceMetrics } from '../../../../services/console/collectors/service-metrics.ts'

describe('quantiles of a service over time', () => {
  const scrape = (low: number, high: number) => [
    { name: 'f_bucket', labels: { feed: 'a', le: '1' }, value: low },
    { name: 'f_bucket', labels: { feed: 'a', le: '2' }, value: low + high },
    { name: 'f_bucket', labels: { feed: 'a', le: '+Inf' }, value: low + high },
  ]

  test('the window has only the last 60 s, `start` has all, and a restart loses no count', () => {
    const metrics = createServiceMetrics()
    metrics.add(scrape(1_000, 0), 0)
    metrics.add(scrape(1_000, 10), 1_000)
    expect(metrics.quantiles('f', {}, 'window', 1_000)).toMatchObject({ count: 10, p50: 1.5 })
    expect(metrics.quantiles('f', {}, 'start', 1_000).count).toBe(1_010)
    metrics.add(scrape(0, 5), 2_000)
    expect(metrics.quantiles('f', {}, 'window', 2_000).count).toBe(15)
    expect(metrics.quantiles('f', {}, 'start', 2_000).count).toBe(1_015)
    expect(metrics.quantiles('f', {}, 'window', 90_000).count).toBe(0)
  })
})
