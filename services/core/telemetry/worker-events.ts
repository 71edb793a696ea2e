/** What a worker tells of its work: one function per observable fact, so that no drop is without a reason and a counter. */
import type { FaultCode } from '../faults.ts'
import type { FaultDetail } from '../pipeline/verdict.ts'
import type { Metrics } from './metrics.ts'

export type Outcome = 'passed' | 'loaded' | 'quarantined' | 'refused' | 'replayed'

export interface WorkerEvents {
  records(feed: string, outcome: Outcome, amount: number): void
  fault(feed: string, fault: FaultCode, detail: FaultDetail): void
  /** @param receivedAt when the gateway took the last record of the batch, ms; undefined when unknown */
  lag(feed: string, partition: number, records: number, receivedAt: number | undefined): void
}

export function workerEvents(stage: 'deidentify' | 'curate', metrics: Metrics): WorkerEvents {
  const records = metrics.counter('chainon_records', 'Records that left the stage, by outcome')
  const faults = metrics.counter('chainon_faults', 'Records refused or quarantined, by fault, field and rule')
  const lagRecords = metrics.gauge('chainon_lag_records', 'Records that wait before the stage')
  const lagSeconds = metrics.gauge(
    'chainon_lag_seconds',
    'Age of the newest record that left the stage, while others wait; else 0',
  )
  return {
    records(feed, outcome, amount) {
      if (amount > 0) records(amount, { stage, feed, outcome })
    },
    fault(feed, fault, detail) {
      faults(1, { stage, feed, fault, pointer: detail.pointer, rule: detail.rule })
    },
    lag(feed, partition, waiting, receivedAt) {
      lagRecords(waiting, { stage, feed, partition })
      lagSeconds(waiting > 0 && receivedAt !== undefined ? Math.max(0, (Date.now() - receivedAt) / 1000) : 0, {
        stage,
        feed,
        partition,
      })
    },
  }
}
