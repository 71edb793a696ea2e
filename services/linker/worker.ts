/**
 * Takes one batch of `linkage.<feed>`: links its records on the index, and tells `linked.<feed>` whose person changed. The index notes in the same
 * write what is to be told; when Kafka has it, one write more says that it is told and how far the partition is; and last the offset is committed. So
 * whenever the process ends, the next one tells what is left, and a message that comes again changes nothing.
 */
import type { Message } from 'kafkajs'
import type { Encoder } from '#core/avro/registry.ts'
import type { ChangeReason, PersonLink } from '#core/contract/person-link.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import type { OrderedProducer } from '#core/kafka/producer.ts'
import type { EncodingWraps } from '#core/linkage/encoding-wrap.ts'
import type { MessageForm } from '#core/linkage/message.ts'
import type { LinkageSeal } from '#core/linkage/seal.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import { batchSize } from './link/batch-size.ts'
import type { Arrival, Change } from './link/index-linker.ts'
import type { LinkerCounts } from './link/linker.ts'
import { openMessage } from './steps/open-message.ts'
import { arrivalOf, linkOf, wrapped } from './stream/arrivals.ts'
import type { OpenLinker } from './stream/open-linker.ts'
import { type Position, positions } from './stream/positions.ts'
import { decisionsOf } from './stream/read-decisions.ts'

export interface LinkerFeed {
  readonly feed: string
  readonly seal: Pick<LinkageSeal, 'open'>
}

export interface LinkerWorkerDependencies {
  /** Opens the index, or takes it from a linker that no longer writes it. */
  readonly open: () => Promise<OpenLinker>
  /** See `assertOpenable` in stream/transport-keys.ts. */
  readonly assertOpenable: (values: readonly (Buffer | null)[]) => Promise<void>
  readonly form: MessageForm
  /** Lead encodings to the version that the index has. */
  readonly wraps: EncodingWraps
  /** Version of the model. */
  readonly model: string
  readonly producer: Pick<OrderedProducer, 'send'>
  readonly encoder: Encoder
  /** Of the pseudonyms that are written to the log. */
  readonly wrap: PseudonymWrap
  /** @returns the topic `linked.<feed>` */
  readonly linkedTopic: (feed: string) => string
  readonly events: WorkerEvents
  readonly alarms: Alarms
  /** Adds what was compared, linked and limited. */
  readonly count: (counts: LinkerCounts) => void
  /** Encodings of the feed that Kafka has deleted unread. */
  readonly expired: (feed: string, records: number) => void
  /** Records that wait for the reconciliation: they met a limit, or values were counted. */
  readonly unreconciled: (records: number) => void
}

export interface LinkerWorker {
  /** Handles one fetched batch of one partition; one at a time, in whatever partition. */
  readonly handle: (feed: LinkerFeed, batch: PartitionBatch) => Promise<void>
  /** Handles one fetched batch of `link.decisions`: what it changes is in force and told before its offset is committed. */
  readonly decide: (batch: PartitionBatch) => Promise<void>
  /**
   * What a linker does while no batch waits, one bounded step: opens records of the index, and then closes what limits have left open (link/reconciliation.ts), and tells
   * whose person changed by it. While batches wait, only the latter, and only once in a while.
   * @returns whether there is more to do now
   */
  readonly reconcile: () => Promise<boolean>
  /** Runs work on the open index between batches and steps. What it throws closes the index. @throws ChainonError link-index-taken */
  readonly between: <T>(work: (open: OpenLinker) => Promise<T>) => Promise<T>
}

/** Of the counters. */
export const DECISIONS_NAME = 'link.decisions'
/** Records of one step of the reconciliation: some milliseconds, for which a batch that comes meanwhile waits. */
const RECONCILED = 8
/** Of a step that batches wait for: some tens of milliseconds. */
const RECONCILED_BETWEEN = 64
/** Records that are opened in one step: about a millisecond. */
const OPENED = 32
/** Batches that follow each other without a pause are interrupted for a step after so many milliseconds. */
const RECONCILE_EVERY_MS = 5000

export function linkerWorker(dependencies: LinkerWorkerDependencies): LinkerWorker {
  const { events, alarms, form, wraps, model, producer, encoder, wrap, linkedTopic, count, expired, unreconciled } =
    dependencies
  let current: OpenLinker | undefined
  let known = positions()
  /** By another linker: a batch of a partition that is ours opens the index again, the reconciliation does not. */
  let taken = false
  let waiting = 0
  let steppedAt = 0
  let last: Promise<unknown> = Promise.resolve()

  function missed({ feed }: LinkerFeed, { partition }: PartitionBatch, { missed: records }: Position): void {
    expired(feed, Number(records))
    alarms.raise({
      id: `linkage-expired:${feed}:${partition}`,
      code: 'linkage-expired',
      feed,
      partition,
      message: `${records} encodings expired before the linker has read them, or the index was lost: their records are linked to no other until they are sent again.`,
    })
  }

  /** @returns what the records of the batch tell the index */
  function read({ feed, seal }: LinkerFeed, batch: PartitionBatch): ReturnType<typeof arrivalOf>[] {
    const step = openMessage(seal, form, wraps)
    const arrivals: ReturnType<typeof arrivalOf>[] = []
    for (const message of batch.messages) {
      const verdict = step.run(message)
      if (verdict.kind === 'pass') arrivals.push(arrivalOf(feed, verdict.value, wraps))
      else events.fault(feed, verdict.fault, step.name)
    }
    events.records(feed, 'quarantined', batch.messages.length - arrivals.length)
    return arrivals
  }

  /** Two chunks are under way at a time. */
  async function link({ links }: OpenLinker, arrivals: ReturnType<typeof read>): Promise<void> {
    const records = arrivals.filter((one): one is Arrival => one.encoded !== undefined)
    let before: Promise<unknown> = Promise.resolve()
    for (let from = 0; from < records.length; ) {
      const to = from + batchSize(records.length - from)
      const sent = links.link(records.slice(from, to))
      from = to
      // A failure of it is thrown when its turn comes.
      sent.catch(() => undefined)
      await before
      before = sent
    }
    await before
    for (const one of arrivals) if (one.encoded === undefined) await links.cancel(one)
  }

  async function tell(assertOwned: () => void, changes: readonly Change[], reason: ChangeReason): Promise<void> {
    const byFeed = Map.groupBy(
      changes.map((change) => linkOf(change, model, reason)),
      ({ feed }) => feed,
    )
    for (const [feed, rows] of byFeed) {
      const messages = rows.map(({ link }) => messageOf(encoder, wrapped(link, wrap)))
      for (let from = 0; from < messages.length; from += MAX_PRODUCE_MESSAGES) {
        assertOwned()
        const slice = messages.slice(from, from + MAX_PRODUCE_MESSAGES)
        await producer.send({ topic: linkedTopic(feed), acks: -1, messages: slice })
      }
      events.records(feed, 'linked', rows.length)
    }
  }

  async function handle(of: LinkerFeed, batch: PartitionBatch, open: OpenLinker): Promise<void> {
    const [first, last] = [batch.messages[0], batch.messages.at(-1)]
    if (!first || !last) return
    const position = await known.of(batch, BigInt(first.offset), open.index)
    if (position.seek !== undefined) return batch.seek(position.seek)
    if (position.missed > 0n) missed(of, batch, position)
    await link(open, read(of, batch))
    await open.links.tellChanges(
      () => Date.now() * 1000,
      (changes) => tell(() => batch.assertOwned(), changes, 'records'),
    )
    const next = BigInt(last.offset) + 1n
    batch.assertOwned()
    open.index.passed(position.key, next)
    await open.index.commit()
    await batch.commit(next)
    batch.advance(BigInt(last.offset))
    known.passed(batch, next)
    count(open.links.counts)
  }

  /** One after the other: what a step reads of the index no batch changes meanwhile. */
  function onIndex<T>(work: (open: OpenLinker) => Promise<T>): Promise<T> {
    const done = last.then(async () => {
      try {
        current ??= await dependencies.open()
        taken = false
        return await work(current)
      } catch (error) {
        // What is in memory may differ from the index now, of all partitions: Redis may have lost it.
        current = undefined
        known = positions()
        taken = error instanceof ChainonError && error.code === 'link-index-taken'
        throw error
      }
    })
    last = done.catch(() => undefined)
    return done
  }

  async function decide(batch: PartitionBatch, { links, index }: OpenLinker): Promise<void> {
    const [first, last] = [batch.messages[0], batch.messages.at(-1)]
    if (!first || !last) return
    const position = await known.of(batch, BigInt(first.offset), index)
    if (position.seek !== undefined) return batch.seek(position.seek)
    const given = decisionsOf(batch.messages, wrap)
    for (let n = given.length; n < batch.messages.length; n++)
      events.fault(DECISIONS_NAME, 'undecodable', 'readDecision')
    await links.decide(given)
    await links.tellChanges(
      () => Date.now() * 1000,
      (changes) => tell(() => batch.assertOwned(), changes, 'decision'),
    )
    const next = BigInt(last.offset) + 1n
    batch.assertOwned()
    index.passed(position.key, next)
    await index.commit()
    await batch.commit(next)
    batch.advance(BigInt(last.offset))
    known.passed(batch, next)
  }

  async function step({ links, index }: OpenLinker, isBetween: boolean): Promise<boolean> {
    // Arrivals meet these, and so does the reconciliation.
    if (!isBetween && (await links.openSome(OPENED)) > 0) return true
    const looked = await links.reconcileSome(isBetween ? RECONCILED_BETWEEN : RECONCILED, () => undefined)
    // Its changes are the index's, of no partition: who no longer writes the index is refused before.
    await links.tellChanges(
      () => Date.now() * 1000,
      (changes) => tell(() => undefined, changes, 'reconciliation'),
    )
    await index.commit()
    count(links.counts)
    unreconciled(index.flags('limited'))
    return looked > 0
  }

  return {
    async handle(of, batch) {
      waiting++
      try {
        await dependencies.assertOpenable(batch.messages.map(({ value }) => value))
        await onIndex((open) => handle(of, batch, open))
      } finally {
        waiting--
      }
    },
    async decide(batch) {
      waiting++
      try {
        await onIndex((open) => decide(batch, open))
      } finally {
        waiting--
      }
    },
    async reconcile() {
      if (taken) return false
      const isBetween = waiting > 0
      if (isBetween && Date.now() - steppedAt < RECONCILE_EVERY_MS) return false
      const more = await onIndex((open) => step(open, isBetween))
      steppedAt = Date.now()
      return more
    },
    async between(work) {
      if (taken) throw new ChainonError('link-index-taken', 'another linker has the linkage index')
      return onIndex(work)
    },
  }
}

/** The key keeps the links of a record in their order. */
function messageOf(encoder: Encoder, link: PersonLink): Message {
  const value = encoder.encode({ ...link })
  if (!value) throw new ChainonError('bug', 'a link does not fit its own schema')
  return { key: link.record, value }
}
