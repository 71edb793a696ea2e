/**
 * Loads one partition exactly once. Before an insert the batch's start is committed with its intent; then one block per table is
 * inserted under tokens of the range; then the end is committed. The worker that owns the partition after a crash reads the intent and
 * forms exactly that range again: ClickHouse drops the blocks that it already has. Where that is not possible, see `load/recovery.ts`.
 */
import type { KafkaMessage } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { LONGEST_INSERT_MS } from '#core/clickhouse/insert.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { firstOriginOf, parseIncarnation } from '#core/kafka/incarnation.ts'
import type { TopicIds } from '#core/kafka/topic-ids.ts'
import { type Finding, openFindings } from '#core/ledger/findings.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import type { Suspects } from '#core/worker/suspects.ts'
import { curateBatch } from './batch.ts'
import type { LinkIndex } from './link/link-index.ts'
import type { BatchOutcome } from './load/batch-outcome.ts'
import { blocksOf } from './load/blocks.ts'
import { insertProven } from './load/insert-proven.ts'
import { formatProgress } from './load/intent.ts'
import { type Ordered, orderByOrigin } from './load/order.ts'
import { hwmOf, type PartitionState, partitionOpener, unresolvedAlarm } from './load/partition-state.ts'
import type { CurateFeed } from './pipeline.ts'
import { UNLINKED } from './steps/build-row.ts'

export interface WorkerDependencies {
  readonly clickhouse: ClickHouseClient
  readonly events: WorkerEvents
  readonly alarms: Alarms
  /** Records of linked feeds wait while it is stale. */
  readonly links: Pick<LinkIndex, 'stale' | 'whenReady'>
  readonly suspects: Pick<Suspects, 'enter' | 'leave'>
  /** Seconds from the gateway's receipt to queryable, one call per sampled record. */
  freshness(seconds: number, feed: string): void
  readonly topicIds: TopicIds
  readonly batchMaxRecords: number
  readonly intentDeadlineMs: number
}

const FRESHNESS_SAMPLES = 200

/** @returns a function that handles one fetched batch of one partition */
export function curateWorker(
  dependencies: WorkerDependencies,
): (feed: CurateFeed, batch: PartitionBatch) => Promise<void> {
  const states = new Map<string, PartitionState>()
  const open = partitionOpener(dependencies)

  /** @returns undefined when the batch must not be used: it is fetched again, from where the partition begins */
  async function stateOf(feed: CurateFeed, batch: PartitionBatch): Promise<PartitionState | undefined> {
    const { feed: name } = feed.contract
    const key = `${name}:${batch.partition}`
    // After the fetch and before any side effect: ids are never used again, so the same id proves in which log these offsets are.
    const logIncarnation = (await dependencies.topicIds.of(batch.topic))?.id
    if (logIncarnation === undefined) throw new ChainonError('dependency-unavailable', `${batch.topic} does not exist`)
    const known = states.get(key)
    if (known?.epoch === batch.epoch && known.logIncarnation === logIncarnation) return known
    states.delete(key)
    const opened = await open(name, feed.layout, logIncarnation, batch)
    if (opened) states.set(key, opened)
    return opened
  }

  return async function handleBatch(feed, batch) {
    const state = await stateOf(feed, batch)
    if (!state) return
    for (const message of batch.messages) state.waiting.push(message)
    const [firstWaiting] = state.waiting
    const lastFetched = state.waiting.at(-1)
    if (!firstWaiting || !lastFetched) return
    // The log no longer has the range of the intent: it cannot be formed again, and missing origins raise the alarm of a gap.
    if (state.intent && BigInt(firstWaiting.offset) >= state.intent.to) state.intent = undefined
    if (state.intent && BigInt(lastFetched.offset) + 1n < state.intent.to) {
      // The range of the intent is longer than this fetch: wait until it is complete, or else ClickHouse would not recognise the blocks.
      batch.advance(BigInt(lastFetched.offset))
      return
    }
    let at = 0
    while (at < state.waiting.length) {
      const end = sliceEnd(state, at, dependencies.batchMaxRecords)
      if (feed.contract.linked && dependencies.links.stale()) return waitForLinks(dependencies, batch)
      try {
        const { gap, read } = await loadSlice(dependencies, feed, batch, state, state.waiting.slice(at, end))
        if (gap) return
        at += read
      } catch (error) {
        if (!(error instanceof ChainonError)) throw error
        if (error.code === 'link-index-stale') return waitForLinks(dependencies, batch)
        if (!state.intent || !AT_THE_DEADLINE.has(error.code)) throw error
        return waitForDeadline(dependencies, feed.contract.feed, batch, state.intent.deadline)
      }
    }
    state.waiting = []
    batch.advance(BigInt(lastFetched.offset))
  }
}

/** The partition waits until the linkage index is rebuilt; it begins again at what is committed, which may be an intent. */
function waitForLinks({ links }: WorkerDependencies, batch: PartitionBatch): void {
  links.whenReady(batch.stop('link-index-stale'))
}

/** What ends when the deadline of a found intent is over: then no earlier insert runs any more, and the next try has a deadline of its own. */
const AT_THE_DEADLINE: ReadonlySet<string> = new Set(['intent-deadline', 'unresolved-batch'])

function waitForDeadline({ alarms }: WorkerDependencies, feed: string, batch: PartitionBatch, deadline: number): void {
  const { partition } = batch
  alarms.raise({
    id: unresolvedAlarm(feed, partition),
    code: 'unresolved-batch',
    feed,
    partition,
    message: `A batch cannot be completed yet: an earlier insert of its rows may still be running until ${new Date(deadline).toISOString()}. Then the rows that are missing are inserted.`,
  })
  const tryAgain = batch.stop('unresolved-batch')
  setTimeout(tryAgain, Math.max(1, deadline - Date.now() + 1)).unref()
}

/** @returns the end of the slice: the end of the intent when there is one, or else a full block */
function sliceEnd(state: PartitionState, at: number, maxRecords: number): number {
  if (state.intent === undefined) return Math.min(state.waiting.length, at + maxRecords)
  const { to } = state.intent
  const beyond = state.waiting.findIndex((message, index) => index >= at && BigInt(message.offset) >= to)
  return beyond === -1 ? state.waiting.length : beyond
}

async function loadSlice(
  dependencies: WorkerDependencies,
  feed: CurateFeed,
  batch: PartitionBatch,
  state: PartitionState,
  slice: readonly KafkaMessage[],
): Promise<Ordered> {
  const { feed: name } = feed.contract
  const ordered = orderByOrigin(slice, (incarnation) => hwmOf(state, incarnation))
  const first = slice[0]
  const last = slice[ordered.read - 1]
  if (first && last) {
    const incarnation = ordered.incarnation ?? state.incarnation
    const from = BigInt(first.offset)
    const to = BigInt(last.offset) + 1n
    const hwm = ordered.incarnation === undefined ? hwmOf(state, incarnation) : ordered.hwm
    const originFrom = hwm + 1n - BigInt(ordered.messages.length)
    const now = Date.now()
    if (!state.hwms.has(incarnation) && state.incarnation !== '' && incarnation !== state.incarnation) {
      // Kept until an operator closes it: nobody sees later what the earlier log still had.
      await openFindings(dependencies.clickhouse, [beginsAgain(name, batch.partition, state, incarnation)], now)
    }
    batch.assertOwned()
    const { logIncarnation, attempt } = state
    // A range that is formed again keeps its deadline while that lasts: a later one at each try would never be over.
    const until = state.intent?.deadline ?? 0
    const deadline = now <= until ? until : now + dependencies.intentDeadlineMs
    const intent = { to, originTo: hwm + 1n, layout: feed.layout, attempt, deadline }
    await batch.commit(from, formatProgress({ logIncarnation, incarnation, hwm: originFrom - 1n, intent }))
    const source = { incarnation, partition: batch.partition }
    // The origin before the first one of an incarnation is none of its own.
    const loaded = state.hwms.get(incarnation) ?? -1n
    const outcome = await curateBatch(feed, source, ordered.messages, loaded, {
      enter: (index) => {
        const one = ordered.messages[index]
        return one === undefined || dependencies.suspects.enter(batch.topic, batch.partition, one.message)
      },
      leave: () => dependencies.suspects.leave(),
    })
    const range = {
      feed: name,
      incarnation,
      partition: batch.partition,
      logIncarnation,
      attempt,
      from,
      to,
      originFrom,
      originTo: hwm + 1n,
      replayed: ordered.replayed,
      now,
    }
    const guard = {
      assertOwned: () => batch.assertOwned(),
      deadline,
      // The worker that wrote the intent may have inserted some of the blocks, and may still be inserting.
      earlierUntil: until,
      longestInsertMs: Math.min(LONGEST_INSERT_MS, dependencies.intentDeadlineMs / 4),
    }
    const linksStored = originFrom < (state.links.get(incarnation) ?? 0n)
    for (const block of blocksOf(range, outcome, feed.rows)) {
      const verify = !state.begun || (linksStored && block.table === 'person_link')
      const repaired = await insertProven(dependencies.clickhouse, block, guard, verify)
      dependencies.events.repaired(name, block.table, repaired)
    }
    batch.assertOwned()
    await batch.commit(to, formatProgress({ logIncarnation, incarnation, hwm }))
    state.hwms.set(incarnation, hwm)
    state.incarnation = incarnation
    state.intent = undefined
    state.begun = true
    report(dependencies, name, outcome, ordered)
  }
  if (!ordered.gap) return ordered
  batch.assertOwned()
  dependencies.alarms.raise({
    id: `gap:${name}:${batch.partition}`,
    code: 'gap',
    feed: name,
    partition: batch.partition,
    message: `Origin ${ordered.gap.expected} is missing: the next one in the log is ${ordered.gap.found}. The partition waits, and nothing after the gap is loaded; \`chainon gap list\` says what can be done.`,
  })
  state.waiting = []
  batch.stop('gap')
  return ordered
}

/** @returns the finding that a partition's offsets begin again in another incarnation */
function beginsAgain(feed: string, partition: number, state: PartitionState, incarnation: string): Finding {
  const end = hwmOf(state, state.incarnation) + 1n
  const truncated = parseIncarnation(incarnation)?.topicId === parseIncarnation(state.incarnation)?.topicId
  const message = truncated
    ? `The log of identified.${feed}, partition ${partition}, was truncated to offset ${firstOriginOf(incarnation)}, and ${end} were loaded before: the offsets between name other records now, which are loaded too. Records that were accepted and not yet passed are lost; their number is not known.`
    : `The topic identified.${feed} was created again: ${end} records of partition ${partition} were loaded from the earlier one. Records that it had accepted and that were not yet passed are lost; their number is not known.`
  return {
    code: truncated ? 'topic-truncated' : 'topic-recreated',
    feed,
    incarnation,
    partition,
    from: firstOriginOf(incarnation),
    to: firstOriginOf(incarnation),
    message,
  }
}

function report(dependencies: WorkerDependencies, feed: string, outcome: BatchOutcome, ordered: Ordered): void {
  const { events } = dependencies
  events.records(feed, 'loaded', outcome.rows.length)
  events.records(feed, 'rejected', outcome.rejected)
  events.records(feed, 'quarantined', outcome.quarantined)
  events.records(feed, 'replayed', ordered.replayed)
  // deidentify has already counted the faults that it found.
  for (const { failed } of outcome.failures) if (!failed.foundBy) events.failed(feed, failed)
  for (let i = 0; i < outcome.unlinked; i++) events.fault(feed, UNLINKED, 'linkPatients')
  for (let i = 0; i < ordered.foreign; i++) events.fault(feed, 'missing-header', 'orderByOrigin')
  const now = Date.now()
  const step = Math.max(1, Math.floor(outcome.receivedAt.length / FRESHNESS_SAMPLES))
  for (let i = 0; i < outcome.receivedAt.length; i += step)
    dependencies.freshness(now / 1000 - (outcome.receivedAt[i] ?? now * 1000) / 1_000_000, feed)
}
