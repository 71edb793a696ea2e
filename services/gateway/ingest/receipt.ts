/** The answer to a request whose records were read: a receipt, `all-rejected`, or `partition-unavailable` with what was accepted. */
import type { Problem } from '#core/gateway-api/problem.ts'
import type { Receipt } from '#core/gateway-api/receipt.ts'
import { newReceiptId } from '#core/gateway-api/receipt-id.ts'
import { problemOf } from '../problem.ts'
import type { Batch } from './batch.ts'

const DOUBTFUL = ' Some of these may be in the log all the same; sending them again with the same record_id is safe.'

export interface Answer {
  readonly status: number
  readonly body: Receipt | Problem
  /** True when it was sent before, to a request with the same idempotency key. */
  readonly replayed?: true
  /** True when the idempotency key was not compared with earlier ones. */
  readonly degraded?: true
  /** True when valid records are missing in the log: the request is to be sent again. */
  readonly partial?: true
}

/** Errors that are kept with an idempotency key: the memory of Redis must not grow with what is wrong in a body. */
const KEPT_ERRORS = 20

/** @returns the answer as it is kept, to be sent again: its counts, and its first errors */
export function keptBody(body: Answer['body']): Answer['body'] {
  return (body.errors?.length ?? 0) > KEPT_ERRORS
    ? { ...body, errors: body.errors?.slice(0, KEPT_ERRORS) ?? [], truncated: true }
    : body
}

/**
 * @param receiptId names the receipt, if there is one
 * @param doubtful true when some of the missing records may be in the log all the same
 * @returns 503 `partition-unavailable` when valid records are missing in the log; else 202 with a receipt when any record was accepted, else
 *   422 `all-rejected`; each with the same counts and errors
 */
export function answerOf(
  batch: Batch,
  feed: string,
  manyFeeds: boolean,
  receiptId = newReceiptId(Date.now()),
  doubtful = false,
): Answer {
  const counts = {
    feed,
    accepted: batch.accepted,
    rejected: batch.rejected,
    ...(manyFeeds ? { by_feed: Object.fromEntries(batch.byFeed) } : {}),
    errors: batch.errors,
    ...(batch.truncated ? { truncated: true as const } : {}),
  }
  const receipt = { receipt_id: receiptId }
  if (batch.unavailable > 0) {
    const indexes = batch.unavailableIndexes
    const detail = `${batch.accepted} records are in the log. ${batch.unavailable} are not, because a partition of Kafka takes none now: send the same request with the same Idempotency-Key, or those of \`unavailable_indexes\`.${doubtful ? DOUBTFUL : ''}`
    const body = problemOf('partition-unavailable', detail, {
      ...(batch.accepted > 0 ? receipt : {}),
      ...counts,
      unavailable: batch.unavailable,
      unavailable_indexes: indexes,
    })
    return { status: body.status, body, partial: true }
  }
  if (batch.accepted > 0) return { status: 202, body: { ...receipt, ...counts } }
  const problem = problemOf(
    'all-rejected',
    `All ${batch.rejected} records were rejected; each is listed with its field and rule.`,
    counts,
  )
  return { status: problem.status, body: problem }
}
