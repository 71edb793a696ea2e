/**
 * Turns one batch of `identified.<feed>` into as many messages of `pseudonymised.<feed>`, in order, in the partition of the
 * same index: each origin has exactly one message, the record or a marker, so origins are dense in the pseudonymised log.
 */
import type { Message } from 'kafkajs'
import type { Decoder } from '#core/avro/registry.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { MAX_PRODUCE_BYTES, MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import { HEADER_INCARNATION, HEADER_ORIGIN_EPOCH } from '#core/kafka/headers.ts'
import type { PartitionReader } from '#core/kafka/partition-reader.ts'
import type { OrderedProducer } from '#core/kafka/producer.ts'
import { leaderEpochOf, type TopicIds } from '#core/kafka/topic-ids.ts'
import type { Envelope, Sink } from '#core/pipeline/zones.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import type { Suspects } from '#core/worker/suspects.ts'
import type { IncomingFiles } from './objects/incoming-files.ts'
import type { DeidentifyPipeline } from './pipeline.ts'
import {
  continueAt,
  firstStepOf,
  formatPosition,
  type Position,
  parsePosition,
  stepOf,
  writtenPosition,
} from './position.ts'
import type { PseudonymisedMessage } from './steps/encode-pseudonymised.ts'
import type { markQuarantined } from './steps/mark-quarantined.ts'
import type { Opener } from './unseal/opener.ts'

export interface DeidentifyFeed {
  readonly feed: string
  readonly outputTopic: string
  /** `linkage.<feed>`; undefined for a feed that is not linked. */
  readonly linkageTopic: string | undefined
  readonly decoder: Decoder
  readonly pipeline: DeidentifyPipeline
}

export interface DeidentifyWorkerDependencies {
  readonly producer: Pick<OrderedProducer, 'send'>
  readonly topicIds: TopicIds
  readonly opener: Pick<Opener, 'open'>
  readonly output: Pick<PartitionReader, 'last'>
  /** The sealed files of records that are done. */
  readonly incoming: Pick<IncomingFiles, 'discard'> | undefined
  readonly mark: ReturnType<typeof markQuarantined>
  readonly events: WorkerEvents
  readonly logger: Logger
  readonly suspects: Pick<Suspects, 'enter' | 'leave'>
  /** @throws ChainonError key-rotation when nothing may be written under the keys of this process */
  readonly assertInForce: () => Promise<void>
}

/** @returns a function that handles one fetched batch of one partition */
export function deidentifyWorker(
  dependencies: DeidentifyWorkerDependencies,
): (feed: DeidentifyFeed, batch: PartitionBatch) => Promise<void> {
  const { events, incoming, output, logger, mark, opener, producer, suspects, topicIds } = dependencies
  const positions = new Map<string, { readonly epoch: number; readonly position: Position }>()

  /** @returns undefined when the batch must not be used: the partition is read again from where it continues */
  async function positionOf(
    { feed, outputTopic }: DeidentifyFeed,
    batch: PartitionBatch,
  ): Promise<Position | undefined> {
    const key = batchKey(batch)
    const [first] = batch.messages
    // After the fetch and before any side effect: ids are never used again, so the same id proves in which topic these offsets are.
    const topicId = (await topicIds.of(batch.topic))?.id
    if (!first || topicId === undefined)
      throw new ChainonError('dependency-unavailable', `${batch.topic} does not exist`)
    const known = positions.get(key)
    const isOpen = known?.epoch === batch.epoch
    // This process is a member of the group by now: a rotation that begins later sees it, and one that began before is seen here.
    if (!isOpen) await dependencies.assertInForce()
    const opened = isOpen ? undefined : await open(outputTopic, topicId, batch)
    const before = isOpen ? known.position : opened?.position
    const fetched = { topicId, offset: BigInt(first.offset), leaderEpoch: leaderEpochOf(first) }
    const stepFrom = opened ? firstStepOf : stepOf
    let step = stepFrom(before, fetched)
    if (step.kind === 'ask')
      step = stepFrom(before, fetched, await topicIds.endOfEpoch(batch.topic, batch.partition, step.leaderEpoch))
    if (step.kind === 'ask') throw new ChainonError('bug', 'the end of an epoch is asked for once')
    if (step.kind === 'restart' && (step.because !== 'unproven' || opened?.isCommitted === false)) {
      // Before anything is written under the new incarnation: whoever owns the partition next must give it the same name.
      batch.assertOwned()
      await batch.commit(step.position.next, formatPosition(step.position))
      if (step.because !== 'unproven') began(feed, batch.partition, step.because, before)
    }
    positions.set(key, { epoch: batch.epoch, position: step.position })
    if (step.kind === 'use') return step.position
    batch.seek(step.position.next)
    return undefined
  }

  /** @returns where the partition continues, and whether the group's offset says the same: else the records between would count as unread */
  async function open(
    outputTopic: string,
    topicId: string,
    batch: PartitionBatch,
  ): Promise<{ readonly position: Position | undefined; readonly isCommitted: boolean }> {
    const { offset, metadata } = await batch.committed()
    const committed = offset === undefined ? undefined : parsePosition(offset, metadata)
    // An operator has set the offset: what is in the log already is written again.
    if (offset !== undefined && !committed) return { position: undefined, isCommitted: true }
    const last = await output.last(outputTopic, batch.partition)
    const position = continueAt(committed, writtenPosition(last?.headers), topicId)
    return { position, isCommitted: position?.next === committed?.next }
  }

  function began(feed: string, partition: number, code: 'topic-recreated' | 'topic-truncated', before?: Position) {
    logger.error({ event: code, feed, partition, passed: before?.next.toString(), incarnation: before?.incarnation })
    events.incarnation(feed, code)
  }

  function report(feed: string, { withheld, report: texts, fileState }: PseudonymisedMessage): void {
    if (fileState !== undefined) events.file(feed, fileState)
    for (const { field, kind } of withheld) events.withheld(feed, field, kind)
    for (const { field, kind, spans } of texts.replaced) events.replaced(feed, field, kind, spans)
    for (const { field, reason } of texts.unread) events.unread(feed, field, reason)
  }

  return async function handleBatch(of, batch) {
    const { feed, outputTopic, linkageTopic, decoder, pipeline } = of
    const last = batch.messages.at(-1)
    if (!last) return
    const position = await positionOf(of, batch)
    if (!position) return
    const { incarnation } = position
    const opened = await opener.open(batch.topic, batch.messages)
    await decoder.prepare(opened.map((one) => (one.ok ? one.value : null)))
    const out: Envelope<'pseudonymised', PseudonymisedMessage>[] = []
    let quarantined = 0
    const inputs = batch.messages.map((message, index) => {
      const seal = opened[index]
      if (!seal) throw new ChainonError('bug', 'a message was not opened')
      return { message, opened: seal }
    })
    const results = await pipeline.runBatch(inputs, {
      enter: (index) => suspects.enter(batch.topic, batch.partition, batch.messages[index] ?? last),
      leave: suspects.leave,
    })
    for (const [index, result] of results.entries()) {
      if (result.kind === 'pass') {
        out.push(result.value)
        report(feed, result.value.body)
      } else {
        quarantined++
        events.failed(feed, result)
        out.push(mark.run({ message: batch.messages[index] ?? last, failed: result }).value)
      }
    }
    // First: a process continues after the last pseudonymised message, so what the linker needs is in Kafka by then. It may be there twice.
    if (linkageTopic !== undefined) await writeLinkage(producer, linkageTopic, batch, incarnation, out)
    await partitionSink(producer, outputTopic, batch, incarnation).write(out)
    batch.assertOwned()
    const next = { incarnation, next: BigInt(last.offset) + 1n, leaderEpoch: leaderEpochOf(last) }
    await batch.commit(next.next, formatPosition(next))
    batch.advance(BigInt(last.offset))
    positions.set(batchKey(batch), { epoch: batch.epoch, position: next })
    // After the commit: no process reads these records again, also those that are quarantined.
    await incoming?.discard(opened.flatMap((one) => (one.ok && one.file ? [one.file.name] : [])))
    events.records(feed, 'passed', out.length - quarantined)
    events.records(feed, 'quarantined', quarantined)
  }
}

/** @returns the key of a partition in this worker's memory */
function batchKey({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}:${partition}`
}

/** Writes what the linker compares to the partition of the same index, in slices that a broker accepts. */
async function writeLinkage(
  producer: Pick<OrderedProducer, 'send'>,
  topic: string,
  batch: PartitionBatch,
  incarnation: string,
  out: readonly Envelope<'pseudonymised', PseudonymisedMessage>[],
): Promise<void> {
  const messages = out.flatMap(({ body: { linkage, headers } }): Message[] =>
    linkage
      ? [
          {
            value: linkage,
            headers: { ...headers, [HEADER_INCARNATION]: incarnation },
            partition: batch.partition,
          },
        ]
      : [],
  )
  for (let from = 0; from < messages.length; from += MAX_PRODUCE_MESSAGES) {
    batch.assertOwned()
    await producer.send({ topic, acks: -1, messages: messages.slice(from, from + MAX_PRODUCE_MESSAGES) })
  }
}

/** Writes in order to the one partition, in slices that a broker accepts. */
function partitionSink(
  producer: Pick<OrderedProducer, 'send'>,
  topic: string,
  batch: PartitionBatch,
  incarnation: string,
): Sink<'pseudonymised', PseudonymisedMessage> {
  return {
    write: async (envelopes) => {
      let slice: Message[] = []
      let bytes = 0
      let written = 0
      const flush = async () => {
        const last = slice.at(-1)
        if (!last) return
        written += slice.length
        const origin = batch.messages[written - 1]
        if (origin) last.headers = { ...last.headers, [HEADER_ORIGIN_EPOCH]: String(leaderEpochOf(origin)) }
        batch.assertOwned()
        await producer.send({ topic, acks: -1, messages: slice })
        slice = []
        bytes = 0
      }
      for (const { body } of envelopes) {
        const size = body.value.length + 100
        if (bytes + size > MAX_PRODUCE_BYTES || slice.length >= MAX_PRODUCE_MESSAGES) await flush()
        const headers = { ...body.headers, [HEADER_INCARNATION]: incarnation }
        slice.push({ value: body.value, headers, partition: batch.partition })
        bytes += size
      }
      await flush()
    },
  }
}
