/** A slice: the messages of one partition that are loaded by one commit. */
import type { KafkaMessage } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { TopicIds } from '#core/kafka/topic-ids.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import type { Suspects } from '#core/worker/suspects.ts'
import { curateBatch } from '../batch.ts'
import type { LinkIndex } from '../link/link-index.ts'
import type { CurateFeed } from '../pipeline.ts'
import { UNLINKED } from '../steps/build-row.ts'
import type { BatchOutcome } from './batch-outcome.ts'
import { type BatchRange, blocksOf } from './blocks.ts'
import { formatProgress, type Intent } from './intent.ts'
import { type Ordered, orderByOrigin } from './order.ts'
import { hwmOf, type PartitionState } from './partition-state.ts'

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
  /** @throws ChainonError key-rotation when nothing may be loaded under the key of this process */
  readonly assertKeyInForce: () => Promise<void>
}

export interface Slice {
  readonly feed: CurateFeed
  readonly batch: PartitionBatch
  readonly state: PartitionState
  readonly ordered: Ordered
  readonly incarnation: string
  /** Log offsets: first, and one past the last. */
  readonly from: bigint
  readonly to: bigint
  /** First origin offset, and the high-water mark after the slice. */
  readonly originFrom: bigint
  readonly hwm: bigint
}

const FRESHNESS_SAMPLES = 200

/** @param messages at least one; those from a gap on, or of another incarnation, are left out */
export function sliceOf(
  feed: CurateFeed,
  batch: PartitionBatch,
  state: PartitionState,
  messages: readonly KafkaMessage[],
): { readonly ordered: Ordered; readonly slice: Slice | undefined } {
  const ordered = orderByOrigin(messages, (incarnation) => hwmOf(state, incarnation))
  const first = messages[0]
  const last = messages[ordered.read - 1]
  if (!first || !last) return { ordered, slice: undefined }
  const incarnation = ordered.incarnation ?? state.incarnation
  const hwm = ordered.incarnation === undefined ? hwmOf(state, incarnation) : ordered.hwm
  const originFrom = hwm + 1n - BigInt(ordered.messages.length)
  const [from, to] = [BigInt(first.offset), BigInt(last.offset) + 1n]
  return { ordered, slice: { feed, batch, state, ordered, incarnation, from, to, originFrom, hwm } }
}

/** @returns whether the partition's offsets begin again with this slice */
export function beginsAgain({ state, incarnation }: Slice): boolean {
  return !state.hwms.has(incarnation) && state.incarnation !== '' && incarnation !== state.incarnation
}

/** Links that were stored before their batch was are looked up before they are inserted. */
export function hasStoredLinks({ state, incarnation, originFrom }: Slice): boolean {
  return originFrom < (state.links.get(incarnation) ?? 0n)
}

/** @returns what the blocks of the slice depend on, for its intent */
export function intentOf(slice: Slice, deadline: number, merged: string | undefined): Intent {
  const { feed, state, to, hwm } = slice
  const intent = { to, originTo: hwm + 1n, layout: feed.layout, attempt: state.attempt, deadline }
  return merged === undefined ? intent : { ...intent, merged }
}

/** @returns the metadata of the slice's start, which is committed before its first insert */
export function startOfSlice({ state, incarnation, originFrom }: Slice, intent: Intent): string {
  return formatProgress({ logIncarnation: state.logIncarnation, incarnation, hwm: originFrom - 1n, intent })
}

/** @returns the metadata of the slice's end, which is committed after its last insert */
export function endOfSlice({ state, incarnation, hwm }: Slice): string {
  return formatProgress({ logIncarnation: state.logIncarnation, incarnation, hwm })
}

/** @throws ChainonError link-index-stale, or what a dependency threw */
export async function outcomeOf({ suspects }: WorkerDependencies, slice: Slice): Promise<BatchOutcome> {
  const { feed, batch, state, ordered, incarnation } = slice
  // The origin before the first one of an incarnation is none of its own.
  const loaded = state.hwms.get(incarnation) ?? -1n
  return await curateBatch(feed, { incarnation, partition: batch.partition }, ordered.messages, loaded, {
    enter: (index) => {
      const one = ordered.messages[index]
      return one === undefined || suspects.enter(batch.topic, batch.partition, one.message)
    },
    leave: () => suspects.leave(),
  })
}

/** @param now milliseconds since 1970, of the tile */
export function blocksOfSlice(slice: Slice, outcome: BatchOutcome, now: number): ReturnType<typeof blocksOf> {
  const { feed, batch, state, ordered, incarnation, from, to, originFrom, hwm } = slice
  const range: BatchRange = {
    feed: feed.contract.feed,
    incarnation,
    partition: batch.partition,
    logIncarnation: state.logIncarnation,
    attempt: state.attempt,
    from,
    to,
    originFrom,
    originTo: hwm + 1n,
    replayed: ordered.replayed,
    now,
  }
  return blocksOf(range, outcome, feed.rows)
}

/** The slice is loaded and its end is committed. */
export function finish(dependencies: WorkerDependencies, slice: Slice, outcome: BatchOutcome): void {
  const { feed, state, ordered, incarnation, hwm } = slice
  state.hwms.set(incarnation, hwm)
  state.incarnation = incarnation
  state.intent = undefined
  state.begun = true
  report(dependencies, feed.contract.feed, outcome, ordered)
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
  for (let i = 0; i < outcome.limited; i++) events.fault(feed, 'linkage-limited', 'linkPatients')
  for (let i = 0; i < ordered.foreign; i++) events.fault(feed, 'missing-header', 'orderByOrigin')
  const now = Date.now()
  const step = Math.max(1, Math.floor(outcome.receivedAt.length / FRESHNESS_SAMPLES))
  for (let i = 0; i < outcome.receivedAt.length; i += step)
    dependencies.freshness(now / 1000 - (outcome.receivedAt[i] ?? now * 1000) / 1_000_000, feed)
}
