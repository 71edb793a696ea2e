/** What a worker reports: one function for each event, so that every drop has a reason and a counter. */
import type { TextReason } from '../contract/text-rules.ts'
import type { RecordFault } from '../faults/codes.ts'
import type { ViolationKind } from '../guards/compile.ts'
import type { Failed } from '../pipeline/pipeline.ts'
import type { FaultDetails } from '../pipeline/verdict.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export type WorkerName = 'deidentify' | 'linker' | 'curate'
export type RecordOutcome = 'passed' | 'linked' | 'loaded' | 'quarantined' | 'rejected' | 'replayed'

export interface WorkerEvents {
  readonly records: (feed: string, outcome: RecordOutcome, amount: number) => void
  /** A record that a step failed. */
  readonly failed: (feed: string, failed: Failed) => void
  /** A fault that fails no record: the record is loaded nevertheless, or the message has no origin. */
  readonly fault: (feed: string, fault: RecordFault, stage: string, details?: FaultDetails) => void
  /** A kept value that was replaced by null. */
  readonly withheld: (feed: string, field: string, kind: ViolationKind) => void
  /** Spans of a text that identified a person, and were replaced. */
  readonly replaced: (feed: string, field: string, kind: string, spans: number) => void
  /** A text that could not be scrubbed or was too uncertain, replaced by null. */
  readonly unread: (feed: string, field: string, reason: TextReason) => void
  /** What became of the file of a record. */
  readonly file: (feed: string, state: string) => void
  /** Rows that were inserted again: ClickHouse had the token of their block, and not the rows. */
  readonly repaired: (feed: string, table: string, rows: number) => void
  /** Partitions whose batches went into one insert; `taken-apart` when its outcome was not certain, and each is loaded again by itself. */
  readonly merged: (partitions: number, outcome: 'stored' | 'taken-apart') => void
  /** The offsets of a partition begin again. */
  readonly incarnation: (feed: string, reason: 'topic-recreated' | 'topic-truncated') => void
  /** Rows of a batch that could not be formed again, removed before its records were loaded again. */
  readonly removed: (feed: string, rows: number) => void
}

export function workerEvents(service: WorkerName, metrics: Metrics, logger: Logger): WorkerEvents {
  const records = metrics.counter('chainon_records', 'Records that left the service, by outcome')
  const faults = metrics.counter('chainon_faults', 'Faults of records, by step, fault, field and rule')
  const withheld = metrics.counter(
    'chainon_withheld_values',
    'Values of kept fields replaced by null, by field and by what they could hold',
  )
  const replaced = metrics.counter(
    'chainon_replaced_spans',
    'Spans of texts that identified a person, and were replaced, by field and kind',
  )
  const unread = metrics.counter(
    'chainon_unread_texts',
    'Texts replaced by null because they could not be scrubbed, or not surely enough, by field and reason',
  )
  const files = metrics.counter('chainon_files', 'Files of records, by what became of them')
  const repaired = metrics.counter(
    'chainon_repaired_rows',
    'Rows inserted again, because a token was stored without them',
  )
  const merged = metrics.counter(
    'chainon_merged_batches',
    'Batches that went into one insert with those of other partitions, by outcome',
  )
  const incarnations = metrics.counter('chainon_incarnations', 'Partitions whose offsets begin again, by reason')
  const removed = metrics.counter(
    'chainon_removed_rows',
    'Rows of a batch that could not be formed again, removed before its records were loaded again',
  )
  const fault: WorkerEvents['fault'] = (feed, code, stage, [{ pointer, rule }] = [{ pointer: '', rule: code }]) =>
    faults(1, { service, stage, feed, fault: code, pointer, rule })
  return {
    records(feed, outcome, amount) {
      if (amount > 0) records(amount, { service, feed, outcome })
    },
    failed(feed, { fault: code, stage, details, thrown }) {
      fault(feed, code, stage, details)
      // A bug of a step: only its place in the code helps to mend it.
      if (thrown !== undefined) logger.error({ event: 'worker-failed', feed, stage, err: safeError(thrown) })
    },
    fault,
    withheld: (feed, field, kind) => withheld(1, { service, feed, field, kind }),
    replaced: (feed, field, kind, spans) => replaced(spans, { service, feed, field, kind }),
    unread: (feed, field, reason) => unread(1, { service, feed, field, reason }),
    file: (feed, state) => files(1, { service, feed, state }),
    incarnation: (feed, reason) => incarnations(1, { service, feed, reason }),
    removed: (feed, rows) => removed(rows, { service, feed }),
    merged: (partitions, outcome) => merged(partitions, { service, outcome }),
    repaired(feed, table, rows) {
      if (rows > 0) repaired(rows, { service, feed, table })
    },
  }
}
