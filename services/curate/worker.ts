/**
 * Loads each partition exactly once. Before an insert the batch's start is committed with its intent; then one block per table is
 * inserted under tokens of the range; then the end is committed. The worker that owns the partition after a crash reads the intent and
 * forms exactly that range again: ClickHouse drops the blocks that it already has. Where that is not possible, see `load/recovery.ts`.
 */
import { ChainonError } from '#core/faults/errors.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import { limited, loadLanes, passing } from './load/lanes.ts'
import { loadAlone } from './load/load-alone.ts'
import { canMerge, loadMerged } from './load/load-merged.ts'
import { type PartitionState, partitionOpener, unresolvedAlarm } from './load/partition-state.ts'
import { type Slice, sliceOf, type WorkerDependencies } from './load/slice.ts'
import type { CurateFeed } from './pipeline.ts'

/** Loads at the same time: while one waits for the broker or an insert, another computes. */
const LANES = 4

/** @returns a function that handles one fetched batch of one partition */
export function curateWorker(
  dependencies: WorkerDependencies,
): (feed: CurateFeed, batch: PartitionBatch) => Promise<void> {
  const states = new Map<string, PartitionState>()
  const open = partitionOpener(dependencies)
  const opening = limited(LANES)
  const load = loadLanes<Slice>({
    lanes: LANES,
    maxRecords: dependencies.batchMaxRecords,
    recordsOf: ({ ordered }) => ordered.messages.length,
    canMerge,
    async load(taken) {
      const [first, ...others] = passing(taken, ({ slice }) => slice.batch.assertMayBegin())
      if (first && others.length > 0) await loadMerged(dependencies, [first, ...others])
      else if (first) await loadAlone(dependencies, first.slice).then(() => first.done('loaded'), first.fail)
    },
  })

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
    // This process is a member of the group by now: a rotation that begins later sees it, and one that began before is seen here.
    await dependencies.assertKeyInForce()
    const opened = await open(name, feed.layout, logIncarnation, batch)
    if (opened) states.set(key, opened)
    return opened
  }

  return async function handleBatch(feed, batch) {
    const state = await opening(async () => {
      batch.assertMayBegin()
      return await stateOf(feed, batch)
    })
    if (!state) return
    for (const message of batch.messages) state.waiting.push(message)
    const [firstWaiting] = state.waiting
    const lastFetched = state.waiting.at(-1)
    if (!firstWaiting || !lastFetched) return
    // The log no longer has the range of the intent: it cannot be formed again, and missing origins raise the alarm of a gap.
    if (state.intent && BigInt(firstWaiting.offset) >= state.intent.to) {
      const { deadline } = state.intent
      if (Date.now() <= deadline) return waitForDeadline(dependencies, feed.contract.feed, batch, deadline)
      state.intent = undefined
    }
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
        const { ordered, slice } = sliceOf(feed, batch, state, state.waiting.slice(at, end))
        if (slice && (await load(slice)) === 'alone') continue
        if (ordered.gap) return stopAtGap(dependencies, feed.contract.feed, batch, state, ordered.gap)
        at += ordered.read
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

function stopAtGap(
  { alarms }: WorkerDependencies,
  feed: string,
  batch: PartitionBatch,
  state: PartitionState,
  { expected, found }: { readonly expected: bigint; readonly found: bigint },
): void {
  const { partition } = batch
  batch.assertOwned()
  alarms.raise({
    id: `gap:${feed}:${partition}`,
    code: 'gap',
    feed,
    partition,
    message: `Origin ${expected} is missing: the next one in the log is ${found}. The partition waits, and nothing after the gap is loaded; \`chainon gap list\` says what can be done.`,
  })
  state.waiting = []
  batch.stop('gap')
}
