/** The answer to a request whose records were looked at: a receipt, or `all-rejected`. */
import { randomBytes } from 'node:crypto'
import { problemOf, type RecordError } from '../problem.ts'
import type { Batch, FeedCount } from './batch.ts'

export interface Receipt {
  readonly receipt_id: string
  /** The feed, or `fhir` for a Bundle. */
  readonly feed: string
  readonly accepted: number
  readonly rejected: number
  /** Counts per feed; FHIR only. */
  readonly by_feed?: Readonly<Record<string, FeedCount>>
  readonly errors: readonly RecordError[]
  /** True when there were more errors than are listed; the counts are exact. */
  readonly truncated?: true
}

export interface Answer {
  readonly status: number
  readonly body: Receipt | ReturnType<typeof problemOf>
  /** True when it was given before, to a request with the same idempotency key. */
  readonly replayed?: true
}

/** @returns 202 with a receipt when any record was accepted, else 422 `all-rejected` with the same list of errors */
export function answerOf(batch: Batch, feed: string, manyFeeds: boolean): Answer {
  const counts = {
    feed,
    accepted: batch.accepted,
    rejected: batch.rejected,
    ...(manyFeeds ? { by_feed: Object.fromEntries(batch.byFeed) } : {}),
    errors: batch.errors,
    ...(batch.truncated ? { truncated: true as const } : {}),
  }
  if (batch.accepted > 0)
    return { status: 202, body: { receipt_id: `rcp_${randomBytes(16).toString('base64url')}`, ...counts } }
  const problem = problemOf(
    'all-rejected',
    `All ${batch.rejected} records were rejected; each is listed with its field and rule.`,
    counts,
  )
  return { status: problem.status, body: problem }
}
