/** The answer to a request whose records were read: a receipt, or `all-rejected`. */
import { randomBytes } from 'node:crypto'
import type { Problem } from '#core/gateway-api/problem.ts'
import type { Receipt } from '#core/gateway-api/receipt.ts'
import { problemOf } from '../problem.ts'
import type { Batch } from './batch.ts'

export interface Answer {
  readonly status: number
  readonly body: Receipt | Problem
  /** True when it was sent before, to a request with the same idempotency key. */
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
