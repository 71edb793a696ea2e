/**
 * Inserts with a time budget: a temporary error is retried under the same token; a permanent one is thrown at once. A token is never
 * the only proof: where the outcome is not known, the rows are looked up in the table, and those that are missing are inserted. An insert after
 * the intent's deadline is abandoned: a process that was suspended for longer than the deduplication window must not write.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { isPermanent } from '#core/clickhouse/errors.ts'
import { type Block, insertBlock, missingRows } from '#core/clickhouse/insert.ts'
import { describeFailure } from '#core/faults/describe-failure.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { fence, mergedToken } from './fence.ts'
import { statementsEnded } from './statements-ended.ts'

/** Short: a batch that waits keeps the other partitions of its worker from their next fetch. After it the partition is stopped and tried again. */
const BUDGET_MS = 5_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 3000

export interface InsertGuard {
  /** @throws Revoked when another worker may already own the partition */
  assertOwned(): void
  /** Milliseconds since 1970 after which nothing of this intent may be inserted. */
  readonly deadline: number
  /** Milliseconds since 1970 until which another worker's attempt at this range may still run; 0 when there was none. */
  readonly earlierUntil: number
  /** Milliseconds after which ClickHouse abandons an insert: one that begins so long before the deadline has ended at the deadline. */
  readonly longestInsertMs: number
  /** Set when the rows may be in a merged insert: its block is claimed, behind a fence, before the rows go in under another token. */
  readonly merged?: string
}

/** How many answered inserts may leave rows missing before something is wrong that inserting does not repair. */
const MOST_INSERTS = 4

/**
 * Inserts a block so that each of its rows is in the table once. Where an answer of ClickHouse does not prove it, the rows are looked
 * up, before and after the insert: when an attempt failed without a known outcome, or when `verify` says that another worker may have
 * inserted the block before. An insert that was dropped may have met an earlier one that is just being stored: the rows are looked up
 * when no statement with the token runs any more.
 *
 * @returns how many rows were inserted under another token, because ClickHouse had the block's token and not these rows
 * @throws ChainonError dependency-unavailable when the budget is spent, intent-deadline when the deadline is over, unresolved-batch when
 *   some rows are stored and an earlier attempt for the others may still run
 */
export async function insertProven(
  client: ClickHouseClient,
  block: Block,
  guard: InsertGuard,
  verify: boolean,
): Promise<number> {
  const started = Date.now()
  let wait = FIRST_WAIT_MS
  let unsure = verify || guard.merged !== undefined
  let claimed = guard.merged === undefined
  let answered = 0
  let repaired = 0
  /** Token of the last answered insert, which may have been dropped: a statement that stored the token may still be storing its rows. */
  let dropped: string | undefined
  for (;;) {
    guard.assertOwned()
    if (Date.now() > guard.deadline - guard.longestInsertMs)
      throw new ChainonError(
        'intent-deadline',
        `an insert into ${block.table} is later than the deadline of its intent`,
      )
    try {
      if (dropped !== undefined) await statementsEnded(client, dropped)
      dropped = undefined
      const missing = unsure ? await missingRows(client, block) : block.rows
      if (missing.length === 0) return repaired
      if (answered === MOST_INSERTS)
        throw new ChainonError(
          'dependency-unavailable',
          `rows for ${block.table} are missing after ${answered} inserts`,
        )
      if (guard.merged !== undefined && !claimed) {
        // Either this stores the rows, or the merged block has the token: if its rows do not show then, they never will.
        await fence(client, guard.merged)
        const token = mergedToken(guard.merged, block.table)
        await insertBlock(client, { ...block, rows: missing, token }, guard.longestInsertMs)
        claimed = true
        dropped = token
        continue
      }
      // The whole block goes under its own token: should an earlier attempt still be running in ClickHouse, only one is kept.
      const own = answered === 0 && missing.length === block.rows.length
      // Another token does not stop an attempt under the block's own: none may run any more, unless its token is known to be stored.
      if (!own && answered === 0 && Date.now() <= guard.earlierUntil)
        throw new ChainonError('unresolved-batch', `an earlier insert into ${block.table} may still be running`)
      const token = own ? block.token : `${block.token}:repair-${answered}`
      await insertBlock(client, { ...block, rows: missing, token }, guard.longestInsertMs)
      if (!own) repaired += missing.length
      answered++
      if (!unsure) return repaired
      dropped = token
    } catch (error) {
      if (error instanceof ChainonError) throw error
      // ClickHouse would return the same error again: waiting does not help.
      if (isPermanent(error))
        throw new ChainonError(
          'dependency-unavailable',
          `ClickHouse rejects rows for ${block.table}: ${codeOf(error)}`,
          {
            cause: error,
          },
        )
      if (Date.now() - started > BUDGET_MS) {
        throw new ChainonError(
          'dependency-unavailable',
          `ClickHouse did not accept rows for ${block.table} within ${BUDGET_MS / 1000} s: ${codeOf(error)}`,
          { cause: error },
        )
      }
      unsure = true
      await sleep(wait)
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    }
  }
}

/** ClickHouse's message may quote a value, so only code and type are kept. */
function codeOf(error: unknown): string {
  return error instanceof ClickHouseError ? `code ${error.code} ${error.type ?? ''}` : describeFailure(error)
}
