/**
 * Loads the slice of one partition: its intent, one block per table under tokens of its range, its end. A range that was in a merged insert
 * is resolved here too, whoever made that insert.
 */
import { LONGEST_INSERT_MS } from '#core/clickhouse/insert.ts'
import { firstOriginOf, parseIncarnation } from '#core/kafka/incarnation.ts'
import { type Finding, openFindings } from '#core/ledger/findings.ts'
import { insertProven } from './insert-proven.ts'
import { hwmOf } from './partition-state.ts'
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

/** @throws Revoked, or what a dependency threw; nothing is committed but the intent */
export async function loadAlone(dependencies: WorkerDependencies, slice: Slice): Promise<void> {
  const { clickhouse, events, intentDeadlineMs } = dependencies
  const { feed, batch, state } = slice
  const now = Date.now()
  // Kept until an operator closes it: nobody sees later what the earlier log still had.
  if (beginsAgain(slice)) await openFindings(clickhouse, [findingOf(slice)], now)
  batch.assertOwned()
  // A range that is formed again keeps its deadline while that lasts: a later one at each try would never be over.
  const until = state.intent?.deadline ?? 0
  const deadline = now <= until ? until : now + intentDeadlineMs
  const merged = state.intent?.merged
  await batch.commit(slice.from, startOfSlice(slice, intentOf(slice, deadline, merged)))
  const outcome = await outcomeOf(dependencies, slice)
  const guard = {
    assertOwned: () => batch.assertOwned(),
    deadline,
    // The worker that wrote the intent may have inserted some of the blocks, and may still be inserting.
    earlierUntil: until,
    longestInsertMs: Math.min(LONGEST_INSERT_MS, intentDeadlineMs / 4),
    ...(merged !== undefined && { merged }),
  }
  for (const block of blocksOfSlice(slice, outcome, now)) {
    const verify = !state.begun || (hasStoredLinks(slice) && block.table === 'person_link')
    events.repaired(feed.contract.feed, block.table, await insertProven(clickhouse, block, guard, verify))
  }
  batch.assertOwned()
  await batch.commit(slice.to, endOfSlice(slice))
  finish(dependencies, slice, outcome)
}

/** @returns the finding that a partition's offsets begin again in another incarnation */
function findingOf({ feed, batch, state, incarnation }: Slice): Finding {
  const { feed: name } = feed.contract
  const { partition } = batch
  const end = hwmOf(state, state.incarnation) + 1n
  const truncated = parseIncarnation(incarnation)?.topicId === parseIncarnation(state.incarnation)?.topicId
  const message = truncated
    ? `The log of identified.${name}, partition ${partition}, was truncated to offset ${firstOriginOf(incarnation)}, and ${end} were loaded before: the offsets between name other records now, which are loaded too. Records that were accepted and not yet passed are lost; their number is not known.`
    : `The topic identified.${name} was created again: ${end} records of partition ${partition} were loaded from the earlier one. Records that it had accepted and that were not yet passed are lost; their number is not known.`
  return {
    code: truncated ? 'topic-truncated' : 'topic-recreated',
    feed: name,
    incarnation,
    partition,
    from: firstOriginOf(incarnation),
    to: firstOriginOf(incarnation),
    message,
  }
}
