/** What the gateway reports of the records of a request. Labels are feeds, steps and rules: few, and never of a person. */
import type { Metrics } from '#core/telemetry/metrics.ts'
import type { Batch } from './batch.ts'

export interface IngestEvents {
  /** Counts what was rejected; also when the request then fails, and not again when it continues. */
  readonly rejected: (batch: Batch) => void
  /** Counts what Kafka acknowledged, and what it did not. @param seconds from the end of the body to the acknowledgement */
  readonly settled: (batch: Batch, seconds: number) => void
}

export function ingestEvents(metrics: Metrics): IngestEvents {
  const records = metrics.counter('chainon_gateway_records', 'Records by outcome')
  const rejected = metrics.counter('chainon_gateway_rejected', 'Rejected records by step and rule')
  const ack = metrics.histogram(
    'chainon_gateway_ack_seconds',
    'From the end of a body until all in-sync replicas have its records',
  )
  return {
    rejected(batch) {
      for (const [feed, count] of batch.byFeed)
        if (count.rejected > 0) records(count.rejected, { feed, outcome: 'rejected' })
      for (const { feed, stage, rule, count } of batch.rejections.values())
        rejected(count, { feed: feed || 'none', stage, rule })
    },
    settled(batch, seconds) {
      for (const { feed, acknowledged } of batch.byTopic.values()) {
        if (acknowledged > 0) records(acknowledged, { feed, outcome: 'accepted' })
        if (acknowledged > 0) ack(seconds, { feed })
      }
      for (const [feed, { unavailable = 0 }] of batch.byFeed)
        if (unavailable > 0) records(unavailable, { feed, outcome: 'unavailable' })
    },
  }
}
