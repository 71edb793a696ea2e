import { describe, expect, test } from 'vitest'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { parsePrometheusText } from '#core/telemetry/prometheus-text.ts'

describe('Prometheus text', () => {
  test('reads names, labels with escapes, and numbers with and without a timestamp', () => {
    const text = [
      '# HELP a_total what it is',
      '# TYPE a_total counter',
      'a_total 3',
      'a_total{feed="patient",rule="a\\"b\\\\c\\nd"} 4.5 1700000000000',
      'h_bucket{le="+Inf",} 12',
      'g{} -1e3',
      'i +Inf',
    ].join('\n')
    expect(parsePrometheusText(text)).toEqual([
      { name: 'a_total', labels: {}, value: 3 },
      { name: 'a_total', labels: { feed: 'patient', rule: 'a"b\\c\nd' }, value: 4.5 },
      { name: 'h_bucket', labels: { le: '+Inf' }, value: 12 },
      { name: 'g', labels: {}, value: -1000 },
      { name: 'i', labels: {}, value: Number.POSITIVE_INFINITY },
    ])
  })

  test('ignores a line that is not a sample and keeps the rest', () => {
    expect(parsePrometheusText('\n{\nb_total\nb_total x\nb_total{feed="a" 3\nc 1\r\nd NaN')).toEqual([
      { name: 'c', labels: {}, value: 1 },
    ])
  })

  test('a brace inside a label does not end the labels', () => {
    expect(parsePrometheusText('a{p="/x}y",q="{"} 2')).toEqual([{ name: 'a', labels: { p: '/x}y', q: '{' }, value: 2 }])
  })

  test('reads what our own services serve', async () => {
    const metrics = createMetrics('test')
    metrics.counter('chainon_records', 'Records')(7, { service: 'curate', feed: 'patient', outcome: 'loaded' })
    metrics.histogram('chainon_freshness_seconds', 'Freshness')(0.4, { feed: 'patient' })
    const samples = parsePrometheusText(await metrics.scrape())
    const loaded = samples.find(({ name }) => name === 'chainon_records_total')
    expect(loaded).toMatchObject({ labels: { service: 'curate', feed: 'patient', outcome: 'loaded' }, value: 7 })
    const infinite = samples.find(
      ({ name, labels }) => name === 'chainon_freshness_seconds_bucket' && labels.le === '+Inf',
    )
    expect(infinite?.value).toBe(1)
  })
})
