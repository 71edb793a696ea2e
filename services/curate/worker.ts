/**
 * Loads one partition exactly once. Before an insert the batch's start is committed with the intent {to, hwm}; then one
 * block per table is inserted under tokens of that range; then the end is committed. The worker that owns the partition
 * after a crash reads the intent and forms exactly that range again: ClickHouse drops the blocks that it already has.
 */
import type { KafkaMessage } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { parseIncarnation } from '#core/kafka/incarnation.ts'
import type { TopicIds } from '#core/kafka/topic-ids.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import type { Suspects } from '#core/worker/suspects.ts'
import { curateBatch } from './batch.ts'
import type { LinkIndex } from './link/link-index.ts'
import type { BatchOutcome } from './load/batch-outcome.ts'
import { blocksOf } from './load/blocks.ts'
import { insertProven } from './load/insert-proven.ts'
import { formatProgress, parseProgress } from './load/intent.ts'
import { type Ordered, orderByOrigin } from './load/order.ts'
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
  /** Incarnation to one past its last origin in the ledger. */
  ledgerEnds(feed: string, partition: number): Promise<ReadonlyMap<string, bigint>>
  readonly topicIds: TopicIds
  readonly batchMaxRecords: number
  readonly intentDeadlineMs: number
}

interface PartitionState {
  readonly epoch: number
  /** Topic id of the pseudonymised log. */
  readonly logIncarnation: string
  /** The incarnation of the last origin. */
  incarnation: string
  /** Incarnation to its last origin that was loaded. */
  readonly hwms: Map<string, bigint>
  /** End of an intent that was found: the next batch must end exactly here. */
  pendingTo: bigint | undefined
  /** Fetched messages that are not loaded yet. */
  waiting: KafkaMessage[]
}

const FRESHNESS_SAMPLES = 200

/** @returns the first origin offset that belongs to an incarnation */
function firstOf(incarnation: string): bigint {
  return parseIncarnation(incarnation)?.first ?? 0n
}

/** @returns a function that handles one fetched batch of one partition */
export function curateWorker(
  dependencies: WorkerDependencies,
): (feed: CurateFeed, batch: PartitionBatch) => Promise<void> {
  const states = new Map<string, PartitionState>()

  async function stateOf(feed: CurateFeed, batch: PartitionBatch): Promise<PartitionState> {
    const key = `${feed.contract.feed}:${batch.partition}`
    const known = states.get(key)
    if (known?.epoch === batch.epoch) return known
    const { offset, metadata } = await batch.committed()
    const progress = offset === undefined ? undefined : parseProgress(metadata)
    // The ledger's block is the last of a batch: everything up to its end is loaded. The group's offsets may have been lost or
    // set back since, and the same records would then form other batches.
    const ends = await dependencies.ledgerEnds(feed.contract.feed, batch.partition)
    const hwms = new Map([...ends].map(([incarnation, end]) => [incarnation, end - 1n]))
    if (progress && progress.hwm > (hwms.get(progress.incarnation) ?? -1n)) hwms.set(progress.incarnation, progress.hwm)
    const state: PartitionState = {
      epoch: batch.epoch,
      logIncarnation: (await dependencies.topicIds.of(batch.topic))?.id ?? '',
      incarnation: progress?.incarnation ?? '',
      hwms,
      pendingTo: progress?.to,
      waiting: [],
    }
    states.set(key, state)
    return state
  }

  return async function handleBatch(feed, batch) {
    const state = await stateOf(feed, batch)
    for (const message of batch.messages) state.waiting.push(message)
    const [firstWaiting] = state.waiting
    const lastFetched = state.waiting.at(-1)
    if (!firstWaiting || !lastFetched) return
    // The log no longer has the range of the intent: it cannot be formed again, and missing origins raise the alarm of a gap.
    if (state.pendingTo !== undefined && BigInt(firstWaiting.offset) >= state.pendingTo) state.pendingTo = undefined
    if (state.pendingTo !== undefined && BigInt(lastFetched.offset) + 1n < state.pendingTo) {
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
        if (error instanceof ChainonError && error.code === 'link-index-stale') return waitForLinks(dependencies, batch)
        throw error
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

/** @returns the end of the slice: the end of the intent when there is one, or else a full block */
function sliceEnd(state: PartitionState, at: number, maxRecords: number): number {
  if (state.pendingTo === undefined) return Math.min(state.waiting.length, at + maxRecords)
  const { pendingTo } = state
  const beyond = state.waiting.findIndex((message, index) => index >= at && BigInt(message.offset) >= pendingTo)
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
  const ordered = orderByOrigin(slice, (incarnation) => state.hwms.get(incarnation) ?? firstOf(incarnation) - 1n)
  const first = slice[0]
  const last = slice[ordered.read - 1]
  if (first && last) {
    const incarnation = ordered.incarnation ?? state.incarnation
    const from = BigInt(first.offset)
    const to = BigInt(last.offset) + 1n
    const hwm = ordered.incarnation === undefined ? (state.hwms.get(incarnation) ?? -1n) : ordered.hwm
    const originFrom = hwm + 1n - BigInt(ordered.messages.length)
    const now = Date.now()
    batch.assertOwned()
    await batch.commit(from, formatProgress({ incarnation, hwm: originFrom - 1n, to }))
    // The worker that wrote the intent may have inserted some of the blocks.
    const verify = state.pendingTo !== undefined
    const source = { incarnation, partition: batch.partition }
    const before = state.hwms.get(incarnation) ?? -1n
    // An intent names the origin before the first one of an incarnation, which is none of its own.
    const loaded = before < firstOf(incarnation) ? -1n : before
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
      logIncarnation: state.logIncarnation,
      from,
      to,
      originFrom,
      originTo: hwm + 1n,
      replayed: ordered.replayed,
      now,
    }
    const guard = { assertOwned: () => batch.assertOwned(), deadline: now + dependencies.intentDeadlineMs }
    for (const block of blocksOf(range, outcome, feed.rows)) {
      const repaired = await insertProven(dependencies.clickhouse, block, guard, verify)
      dependencies.events.repaired(name, block.table, repaired)
    }
    batch.assertOwned()
    await batch.commit(to, formatProgress({ incarnation, hwm }))
    state.hwms.set(incarnation, hwm)
    state.incarnation = incarnation
    state.pendingTo = undefined
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
