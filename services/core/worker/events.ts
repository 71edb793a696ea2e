/** What a worker tells of its work: one function per observable fact, so that no drop is without a reason and a counter. */
import type { FaultCode } from '../faults/codes.ts'
import type { FaultDetail } from '../pipeline/verdict.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export type Outcome = 'passed' | 'loaded' | 'quarantined' | 'rejected' | 'replayed'

export interface WorkerEvents {
  records(feed: string, outcome: Outcome, amount: number): void
  fault(feed: string, fault: FaultCode, detail: FaultDetail): void
}

export function workerEvents(stage: 'deidentify' | 'curate', metrics: Metrics): WorkerEvents {
  const records = metrics.counter('chainon_records', 'Records that left the stage, by outcome')
  const faults = metrics.counter('chainon_faults', 'Records rejected or quarantined, by fault, field and rule')
  return {
    records(feed, outcome, amount) {
      if (amount > 0) records(amount, { stage, feed, outcome })
    },
    fault(feed, fault, detail) {
      faults(1, { stage, feed, fault, pointer: detail.pointer, rule: detail.rule })
    },
  }
}
