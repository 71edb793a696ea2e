/**
 * Inserts with a time budget: a temporary error is retried under the same token; a permanent one is thrown at once. A token is never
 * the only proof: where the outcome is not known, the rows are looked up in the table, and those that are missing are inserted. An insert after
 * the intent's deadline is abandoned: a process that was suspended for longer than the deduplication window must not write.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { type Block, insertBlock, missingRows } from '#core/clickhouse/insert.ts'
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

/** How often rows that are missing are inserted again before something is wrong that inserting does not repair. */
const MOST_REPAIRS = 3

/**
 * Inserts a block so that its rows are in the table once, and proves it where the answer alone does not: when an attempt failed without
 * a known outcome, or when `verify` says that another worker may have inserted it before.
 *
 * @returns how many rows were inserted again, because the table had the block's token and not these rows
 * @throws ChainonError dependency-unavailable when the budget is spent, intent-deadline when the deadline is over
 */
export async function insertProven(
  client: ClickHouseClient,
  block: Block,
  guard: InsertGuard,
  verify: boolean,
): Promise<number> {
  // Under its own token first: should an earlier attempt still be running in ClickHouse, only one of the two is kept.
  let certain = await insertRetrying(client, block, guard)
  let repaired = 0
  for (let repair = 1; verify || !certain; repair++) {
    const missing = await retrying(block.table, guard, () => missingRows(client, block))
    if (missing.value.length === 0) break
    if (repair > MOST_REPAIRS)
      throw new ChainonError(
        'dependency-unavailable',
        `rows of a block for ${block.table} are missing after every insert`,
      )
    repaired += missing.value.length
    certain = await insertRetrying(
      client,
      { ...block, rows: missing.value, token: `${block.token}:repair-${repair}` },
      guard,
    )
  }
  return repaired
}

/** @returns false when an attempt failed without a known outcome: it may have been stored */
async function insertRetrying(client: ClickHouseClient, block: Block, guard: InsertGuard): Promise<boolean> {
  const { attempts } = await retrying(block.table, guard, () => insertBlock(client, block))
  return attempts === 1
}

/** Tries again what failed with a temporary error, as long as the partition is owned, the intent is valid and the budget lasts. */
async function retrying<T>(
  table: string,
  guard: InsertGuard,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly attempts: number }> {
  const started = Date.now()
  let wait = FIRST_WAIT_MS
  for (let attempts = 1; ; attempts++) {
    guard.assertOwned()
    if (Date.now() > guard.deadline)
      throw new ChainonError('intent-deadline', `an insert into ${table} came after its intent's deadline`)
    try {
      return { value: await work(), attempts }
    } catch (error) {
      // ClickHouse would return the same error again: waiting does not help.
      if (error instanceof ClickHouseError && !TEMPORARY.has(error.code))
        throw new InsertRejected(table, error.code, error.type)
      if (Date.now() - started > BUDGET_MS) {
        throw new ChainonError(
          'dependency-unavailable',
          `ClickHouse did not accept a block for ${table} within ${BUDGET_MS / 1000} s`,
          { cause: error },
        )
      }
      await sleep(wait)
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
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
