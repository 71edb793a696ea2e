/**
 * Inserts with a time budget: a temporary error is retried under the same token; a permanent one is thrown at once. An insert after
 * the intent's deadline is abandoned: a process that was suspended for longer than the deduplication window must not write.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { type Block, insertBlock } from '#core/clickhouse/insert.ts'
import { ChainonError } from '#core/faults/errors.ts'

/** ClickHouse's codes of temporary errors: timeouts, memory, too many parts or queries, network, read-only, shutting down. */
const TEMPORARY = new Set([
  '159',
  '160',
  '164',
  '202',
  '203',
  '209',
  '210',
  '236',
  '241',
  '242',
  '243',
  '252',
  '279',
  '425',
  '439',
  '999',
])
const BUDGET_MS = 60_000
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 3000

export interface InsertGuard {
  /** @throws Revoked when another worker may already own the partition */
  assertOwned(): void
  /** Milliseconds since 1970 after which nothing of this intent may be inserted. */
  readonly deadline: number
}

/** @throws ChainonError dependency-unavailable when the budget is spent, intent-deadline when the deadline is over */
export async function insertRetrying(client: ClickHouseClient, block: Block, guard: InsertGuard): Promise<void> {
  const started = Date.now()
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    guard.assertOwned()
    if (Date.now() > guard.deadline)
      throw new ChainonError(
        'intent-deadline',
        `an insert into ${block.table} is later than the deadline of its intent`,
      )
    try {
      await insertBlock(client, block)
      return
    } catch (error) {
      // ClickHouse would return the same error again: waiting does not help.
      if (error instanceof ClickHouseError && !TEMPORARY.has(error.code))
        throw new InsertRejected(block.table, error.code, error.type)
      if (Date.now() - started > BUDGET_MS) {
        throw new ChainonError(
          'dependency-unavailable',
          `ClickHouse did not accept a block for ${block.table} within ${BUDGET_MS / 1000} s`,
          { cause: error },
        )
      }
      await sleep(wait)
    }
  }
}

/** A permanent error; ClickHouse's message may quote a value, so only code and type are kept. */
class InsertRejected extends Error {
  override readonly name = 'InsertRejected'
  readonly code: string
  constructor(table: string, code: string, type: string | undefined) {
    super(`ClickHouse rejected a block for ${table}: code ${code} ${type ?? ''}`)
    this.code = code
  }
}
