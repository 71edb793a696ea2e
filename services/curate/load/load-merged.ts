/**
 * Loads slices of several partitions with one block per table: the intents of all in one commit, the blocks, the ends in one commit. Each block
 * is tried once. Where an outcome is not known or a block is rejected, every slice comes again alone and is resolved like a range that
 * another worker left, so that only the partition with the rejected rows stops. docs/adr/0016-merged-inserts.md says why this is enough;
 * test/unit/curate/merged/ visits every interleaving.
 */
import { randomBytes } from 'node:crypto'
import { type Block, insertBlock, LONGEST_INSERT_MS } from '#core/clickhouse/insert.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { BatchOutcome } from './batch-outcome.ts'
import { isFenced, mergedToken } from './fence.ts'
import { passing, type Waiting } from './lanes.ts'
import {
  beginsAgain,
  blocksOfSlice,
  endOfSlice,
  finish,
  hasStoredLinks,
  intentOf,
  outcomeOf,
  type Slice,
  startOfSlice,
  type WorkerDependencies,
} from './slice.ts'

type Member = Waiting<Slice> & { readonly outcome: BatchOutcome }
type MergedBlock = Omit<Block, 'stored'>

/** Written last, so that it never counts a row that is not stored. */
const LAST_TABLE = 'ledger_batch'

/** @returns whether nothing of the slice's range can be stored or inserted by another, and nothing of it has to be looked up */
export function canMerge(slice: Slice): boolean {
  const { state, ordered } = slice
  if (state.intent !== undefined || !(state.begun || state.settled) || ordered.gap || ordered.messages.length === 0)
    return false
  return !beginsAgain(slice) && !hasStoredLinks(slice)
}

/** Answers every slice; never throws. */
export async function loadMerged(dependencies: WorkerDependencies, waiting: readonly Waiting<Slice>[]): Promise<void> {
  const merged = randomBytes(16).toString('base64url')
  const now = Date.now()
  const deadline = now + dependencies.intentDeadlineMs
  const begun = await commitAll(waiting, ({ slice }) => [
    slice.from,
    startOfSlice(slice, intentOf(slice, deadline, merged)),
  ])
  const members = await outcomesOf(dependencies, begun)
  if (members.length === 0) return
  try {
    await insertAll(dependencies, members, { merged, now, deadline })
  } catch {
    // What failed is found again, and reported, by the slice whose rows it concerns.
    dependencies.events.merged(members.length, 'taken-apart')
    for (const { slice, done } of members) {
      slice.state.intent = intentOf(slice, deadline, merged)
      done('alone')
    }
    return
  }
  dependencies.events.merged(members.length, 'stored')
  for (const { slice, outcome, done } of await commitAll(members, ({ slice }) => [slice.to, endOfSlice(slice)])) {
    finish(dependencies, slice, outcome)
    done('loaded')
  }
}

/**
 * Commits those that this worker owns, in one request.
 *
 * @returns those; the others have their error
 */
async function commitAll<W extends Waiting<Slice>>(
  waiting: readonly W[],
  commitOf: (one: W) => readonly [offset: bigint, metadata: string],
): Promise<readonly W[]> {
  const owned = passing(waiting, ({ slice }) => slice.batch.assertOwned())
  const [first] = owned
  if (!first) return []
  try {
    await first.slice.batch.commitTogether(
      owned.map((one) => {
        const [offset, metadata] = commitOf(one)
        const { topic, partition } = one.slice.batch
        return { topic, partition, offset, metadata }
      }),
    )
    return owned
  } catch (error) {
    for (const { fail } of owned) fail(error)
    return []
  }
}

/** A slice whose records cannot be handled now fails by itself; its intent is found at the next try. */
async function outcomesOf(
  dependencies: WorkerDependencies,
  waiting: readonly Waiting<Slice>[],
): Promise<readonly Member[]> {
  const members = await Promise.all(
    waiting.map(async (one) => {
      try {
        return [{ ...one, outcome: await outcomeOf(dependencies, one.slice) }]
      } catch (error) {
        one.fail(error)
        return []
      }
    }),
  )
  return members.flat()
}

/** @throws Error when it is not certain that all rows are stored */
async function insertAll(
  { clickhouse, intentDeadlineMs }: WorkerDependencies,
  members: readonly Member[],
  { merged, now, deadline }: { readonly merged: string; readonly now: number; readonly deadline: number },
): Promise<void> {
  const longestMs = Math.min(LONGEST_INSERT_MS, intentDeadlineMs / 4)
  const blocks = mergedBlocks(
    members.flatMap(({ slice, outcome }) => blocksOfSlice(slice, outcome, now)),
    merged,
  )
  const insert = async (block: MergedBlock) => {
    for (const { slice } of members) slice.batch.assertOwned()
    if (Date.now() > deadline - longestMs)
      throw new ChainonError('intent-deadline', `a merged insert into ${block.table} is later than its deadline`)
    await insertBlock(clickhouse, block, longestMs)
  }
  // A token that another worker claimed drops a block without an error.
  const assertUnfenced = async () => {
    if (await isFenced(clickhouse, merged))
      throw new ChainonError('unresolved-batch', 'another worker resolves the partitions of a merged insert')
  }
  const answers = await Promise.allSettled(blocks.filter(({ table }) => table !== LAST_TABLE).map(insert))
  for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  const last = blocks.find(({ table }) => table === LAST_TABLE)
  if (!last) return
  // A worker that finds a tile takes the rows of its range for stored.
  await assertUnfenced()
  await insert(last)
  await assertUnfenced()
}

/** @returns one block for each table */
function mergedBlocks(blocks: readonly Block[], merged: string): readonly MergedBlock[] {
  const byTable = new Map<string, { readonly columns: Block['columns']; readonly rows: (readonly unknown[])[] }>()
  for (const { table, columns, rows } of blocks) {
    const into = byTable.get(table) ?? { columns, rows: [] }
    for (const row of rows) into.rows.push(row)
    byTable.set(table, into)
  }
  return [...byTable].map(([table, { columns, rows }]) => ({ table, columns, rows, token: mergedToken(merged, table) }))
}
