/** The outcome of a batch: rows, links and failures, each with its origin. */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Failed } from '#core/pipeline/pipeline.ts'
import type { Link } from '../link/linker.ts'
import type { RuleCount } from './rule-tally.ts'

/** A record that did not reach its table. */
export interface FailedRecord {
  readonly origin: bigint
  readonly failed: Failed<RecordFault, 'quarantined' | 'rejected'>
}

/** rows + failures = messages of the batch. */
export interface BatchOutcome {
  readonly rows: readonly (readonly unknown[])[]
  readonly failures: readonly FailedRecord[]
  readonly rejected: number
  readonly quarantined: number
  /** Records that were loaded without a link, because too many patients share their traits. */
  readonly unlinked: number
  /** Records whose patient a limit keeps from being linked by one of its tokens. */
  readonly limited: number
  readonly links: readonly { readonly link: Link; readonly cause: bigint }[]
  readonly rules: readonly RuleCount[]
  /** When the gateway received each loaded record, microseconds since 1970, in order. */
  readonly receivedAt: readonly number[]
}
