/** Metrics of a service: OpenTelemetry instruments, served as Prometheus text. Labels are few and never of a person. */
import { type Attributes, metrics } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, InstrumentType, MeterProvider } from '@opentelemetry/sdk-metrics'

/** Seconds; fine enough to distinguish a p50 from a p99 between 10 ms and 10 minutes. */
const FRESHNESS_BUCKETS_SECONDS = [
  0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 1.3, 1.6, 2, 2.5, 3, 4, 5, 6.5, 8, 10, 13,
  16, 20, 30, 45, 60, 120, 300, 600,
]

export interface Metrics {
  counter(name: string, description: string): (amount: number, labels: Attributes) => void
  gauge(name: string, description: string): (value: number, labels: Attributes) => void
  histogram(name: string, description: string): (value: number, labels: Attributes) => void
  /** @returns the Prometheus text of all instruments */
  scrape(): Promise<string>
}

export function createMetrics(service: string): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': `chainon-${service}` }),
    readers: [exporter],
    views: [
      {
        instrumentName: '*_seconds',
        instrumentType: InstrumentType.HISTOGRAM,
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: FRESHNESS_BUCKETS_SECONDS },
        },
      },
    ],
  })
  metrics.setGlobalMeterProvider(provider)
  const meter = provider.getMeter('chainon')
  const serializer = new PrometheusSerializer()
  meter
    .createObservableGauge('chainon_process_memory_bytes', { description: 'Resident memory' })
    .addCallback((result) => {
      result.observe(process.memoryUsage.rss())
    })
  return {
    counter(name, description) {
      const instrument = meter.createCounter(name, { description })
      return (amount, labels) => instrument.add(amount, labels)
    },
    gauge(name, description) {
      const instrument = meter.createGauge(name, { description })
      return (value, labels) => instrument.record(value, labels)
    },
    histogram(name, description) {
      const instrument = meter.createHistogram(name, { description })
      return (value, labels) => instrument.record(value, labels)
    },
    async scrape() {
      const { resourceMetrics } = await exporter.collect()
      return serializer.serialize(resourceMetrics)
    },
  }
}
