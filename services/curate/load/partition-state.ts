/**
 * Opens a partition that this worker was assigned: finds where to begin, waits until nothing of an earlier batch can still be inserted
 * where that batch cannot be formed again, removes what it left except links, and sets the position in the log.
 */
import type { KafkaMessage } from 'kafkajs'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { firstOriginOf } from '#core/kafka/incarnation.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import { type Intent, parseProgress } from './intent.ts'
import { reachOf, removeBeyond, rowsBeyond } from './leftovers.ts'
import { type Start, startOf } from './recovery.ts'

export interface PartitionState {
  readonly epoch: number
  /** Topic id of the pseudonymised log. */
  readonly logIncarnation: string
  /** The incarnation of the last origin; empty before the first. */
  incarnation: string
  /** Incarnation to its last origin that was loaded. */
  readonly hwms: Map<string, bigint>
  /** The intent that was found: the next batch must end exactly there. */
  intent: Intent | undefined
  /** Part of the tokens of this state's batches; see `Intent`. */
  readonly attempt: string
  /** The rows of the first batch are looked up before they are inserted. */
  begun: boolean
  /** At the assignment no intent was open, and no table had rows beyond the tiles: nothing of an earlier batch can be inserted. */
  readonly settled: boolean
  /** Incarnation to one past the last cause of links that were stored before their batch was: they are looked up before they are inserted. */
  readonly links: ReadonlyMap<string, bigint>
  /** Fetched messages that are not loaded yet. */
  waiting: KafkaMessage[]
}

export interface OpeningDependencies {
  readonly clickhouse: ClickHouseClient
  readonly events: WorkerEvents
  readonly alarms: Alarms
  readonly intentDeadlineMs: number
}

/** How often a partition that waits is looked at again, in milliseconds. */
const LOOK_AGAIN_MS = 1000

const WHY: Readonly<Record<NonNullable<Start['unresolved']>['why'], string>> = {
  'progress-lost': "the group's offsets or their metadata do not fit the ledger (they were lost or set back)",
  'layout-changed': 'the contract, the form of the blocks or the linkage model has changed since its intent',
}

/** @returns the id of the alarm of a partition that waits for an earlier batch; opening the partition clears it */
export function unresolvedAlarm(feed: string, partition: number): string {
  return `unresolved-batch:${feed}:${partition}`
}

/** @returns a function that opens a partition; it returns undefined when the batch at hand must not be used */
export function partitionOpener(dependencies: OpeningDependencies) {
  const { alarms, clickhouse, events, intentDeadlineMs } = dependencies
  /** `<feed>:<partition>` to the time after which nothing of an earlier batch is inserted any more. */
  const quietAt = new Map<string, number>()
  /** `<feed>:<partition>` to the epoch in which its position was set. */
  const positioned = new Map<string, number>()

  return async function open(
    feed: string,
    layout: string,
    logIncarnation: string,
    batch: PartitionBatch,
  ): Promise<PartitionState | undefined> {
    const { partition } = batch
    const key = `${feed}:${partition}`
    const alarm = unresolvedAlarm(feed, partition)
    const { offset, metadata } = await batch.committed()
    const [first] = batch.messages
    // What was committed was sought, and something before it came: the log lost its end, and a batch in it cannot be formed again.
    const isShorter =
      positioned.get(key) === batch.epoch && first && offset !== undefined && BigInt(first.offset) < offset
    const progress = isShorter ? undefined : parseProgress(metadata)
    const committed = offset === undefined || progress === undefined ? undefined : { offset, progress }
    const { ends, last, loadedEnds, logEnd } = await reachOf(clickhouse, feed, partition, logIncarnation)
    const beyond = await rowsBeyond(clickhouse, feed, partition, ends)
    const start = startOf({ logIncarnation, committed, ends, loadedEnds, logEnd, beyond: beyond.rows, layout })
    let attempt = start.intent?.attempt ?? ''
    if (start.unresolved) {
      const { why, until } = start.unresolved
      const quiet = quietAt.get(key) ?? until ?? Date.now() + intentDeadlineMs
      quietAt.set(key, quiet)
      if (Date.now() <= quiet) {
        alarms.raise({
          id: alarm,
          code: 'unresolved-batch',
          feed,
          partition,
          message: `An earlier batch cannot be formed again: ${WHY[why]}. Until ${new Date(quiet).toISOString()} it may still be inserting; then what it left is removed, and its records are loaded again.`,
        })
        batch.pauseFor(Math.min(LOOK_AGAIN_MS, quiet - Date.now() + 1))
        return undefined
      }
      batch.assertOwned()
      events.removed(feed, await removeBeyond(clickhouse, feed, partition, ends))
      // ClickHouse remembers the tokens of removed rows, and would drop the same ones.
      attempt = Date.now().toString(36)
    }
    const proven = committed?.progress.logIncarnation === logIncarnation
    if (positioned.get(key) !== batch.epoch && !(proven && first && BigInt(first.offset) === start.position)) {
      // Either the group begins elsewhere, or the topic may have been created again between this fetch and the look at its id.
      positioned.set(key, batch.epoch)
      batch.seek(start.position)
      return undefined
    }
    quietAt.delete(key)
    alarms.clear(alarm)
    const hwms = new Map([...ends].map(([incarnation, end]) => [incarnation, end - 1n]))
    return {
      epoch: batch.epoch,
      logIncarnation,
      incarnation: committed?.progress.incarnation || last,
      hwms,
      intent: start.intent,
      attempt,
      begun: false,
      settled: start.intent === undefined && start.unresolved === undefined && beyond.rows.size === 0,
      links: beyond.links,
      waiting: [],
    }
  }
}

/** @returns the last origin of an incarnation that was loaded; one before its first when none was */
export function hwmOf(state: PartitionState, incarnation: string): bigint {
  return state.hwms.get(incarnation) ?? firstOriginOf(incarnation) - 1n
}
