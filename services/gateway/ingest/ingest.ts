/**
 * The steps of one request, in order: look for an earlier answer, run each record through its feed's pipeline, append to Kafka,
 * wait for all in-sync replicas, answer. The routes differ only in how a body becomes items.
 */
import { hash } from 'node:crypto'
import { ChainonError } from '#core/faults/errors.ts'
import type { ObjectStore } from '#core/objects/store.ts'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import type { RetentionWatch } from '#core/retention/watch.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Reserve } from '../decode/avro-container.ts'
import type { Item } from '../decode/item.ts'
import type { Degraded } from '../http/degraded.ts'
import type { Quotas } from '../http/rate-limit.ts'
import type { RecordLog } from '../log/record-log.ts'
import { ProblemError } from '../problem.ts'
import type { ReceiptNotes } from '../receipts/notes.ts'
import type { DataKey, Sealer } from '../seal/sealer.ts'
import { Batch, type BatchDependencies } from './batch.ts'
import type { IngestEvents } from './events.ts'
import { type IdempotencyStore, isIdempotencyKey, type Lease } from './idempotency.ts'
import { Progress, readProgress } from './progress.ts'
import { type Answer, answerOf, keptBody } from './receipt.ts'

export interface IngestDependencies extends BatchDependencies {
  readonly log: RecordLog
  readonly sealer: Sealer
  readonly idempotency: IdempotencyStore
  readonly retention: Pick<RetentionWatch, 'isNearRetention'>
  /** Undefined: no file is kept. */
  readonly objects: Pick<ObjectStore, 'put'> | undefined
  readonly events: IngestEvents
  readonly receipts: ReceiptNotes
  readonly degraded: Degraded
  readonly quotas: Pick<Quotas, 'used'>
  readonly logger: Logger
}

export interface IngestRequest {
  readonly producer: string
  /** The feed, or `fhir`. */
  readonly feed: string
  readonly manyFeeds: boolean
  /** Value of the Idempotency-Key header. */
  readonly idempotencyKey: string | readonly string[] | undefined
  /** Address and media type: the same key for another target is a mismatch. */
  readonly target: string
  readonly body: Buffer
  /** Reserves bytes for what is made of the body; its problem rejects the request. @param bytes of that so far */
  readonly claim: (bytes: number) => void
  /**
   * The body's records; called once, and only when the request was not answered before.
   *
   * @param reserve called with the bytes that reading has in memory besides the body
   */
  readonly items: (reserve: Reserve) => Iterable<Item> | Promise<Iterable<Item>>
}

/** Milliseconds of one request in a turn of the event loop, but for its last record. */
const SLICE_MS = 10

/** The target of HL7 v2, over HTTP and MLLP: a message that comes again by the other way is the same request. */
export const HL7_TARGET = 'hl7'

export type Ingest = (request: IngestRequest) => Promise<Answer>

/** @returns a function that answers one request; it throws a ProblemError when there is no receipt */
export function createIngest(dependencies: IngestDependencies): Ingest {
  return async function ingest(request) {
    const { idempotencyKey: key } = request
    if (key === undefined) return await accept(dependencies, request, new Progress())
    if (typeof key !== 'string' || !isIdempotencyKey(key))
      throw new ProblemError('bad-idempotency-key', 'An Idempotency-Key has 1 to 255 printable ASCII characters.')
    const result = await begin(dependencies, request, key)
    // Without Redis the records are taken all the same: sent again, a record is a version of itself.
    if (!result) return { ...(await accept(dependencies, request, new Progress())), degraded: true }
    switch (result.kind) {
      case 'replay':
        return { status: result.status, body: JSON.parse(result.body) as Answer['body'], replayed: true }
      case 'mismatch':
        throw new ProblemError('idempotency-mismatch')
      case 'in-flight':
        throw new ProblemError('idempotency-in-flight')
      case 'started':
        return await acceptOnce(dependencies, request, result.lease, readProgress(result.progress))
    }
  }
}

/** Accepts under a lease: an answer is stored; an error, or an answer for a part of the records, frees the key and keeps the progress. */
async function acceptOnce(
  dependencies: IngestDependencies,
  request: IngestRequest,
  lease: Lease,
  progress: Progress,
): Promise<Answer> {
  const notStored = (error: unknown) =>
    dependencies.logger.warn({ event: 'idempotency-not-stored', err: safeError(error) })
  let answer: Answer
  try {
    answer = await accept(dependencies, request, progress)
  } catch (error) {
    await lease.release(progress.text()).catch(notStored)
    throw error
  }
  // The records are in the log: an answer that cannot be stored must not become a failure. A repeated record is the same version.
  const stored = answer.partial
    ? lease.release(progress.text())
    : lease.finish(answer.status, JSON.stringify(keptBody(answer.body)))
  await stored.catch(notStored)
  return answer
}

/** @param progress records that are in the log already; those that get there are added */
async function accept(dependencies: IngestDependencies, request: IngestRequest, progress: Progress): Promise<Answer> {
  const started = performance.now()
  const dataKey = await dataKeyOf(dependencies.sealer, request.producer)
  const resumed = !progress.isEmpty
  const batch = new Batch(dependencies, request.producer, dataKey, request.manyFeeds, progress)
  let next = 0
  let turn = performance.now()
  let reading = 0
  const reserve: Reserve = (bytes) => {
    reading = bytes
    request.claim(batch.messageBytes + reading)
  }
  for (const item of await request.items(reserve)) {
    batch.add(item)
    next++
    // A record may be large: a number of them is no bound on time.
    if (yieldDue(next) || performance.now() - turn > SLICE_MS) {
      request.claim(batch.messageBytes + reading)
      await yieldToEventLoop()
      turn = performance.now()
    }
  }
  request.claim(batch.messageBytes)
  dependencies.quotas.used(request.producer, batch.accepted + batch.rejected, request.body.length)
  if (batch.accepted + batch.rejected === 0) throw new ProblemError('no-records')
  checkRetention(dependencies.retention, batch)
  if (!resumed) dependencies.events.rejected(batch)
  const doubtful = await append(dependencies, batch)
  dependencies.events.settled(batch, (performance.now() - started) / 1000)
  const { producer, feed, manyFeeds } = request
  dependencies.receipts.note({ receiptId: progress.receiptId, producer, feed, batch, resumed })
  return answerOf(batch, feed, manyFeeds, progress.receiptId, doubtful)
}

async function dataKeyOf(sealer: Sealer, producer: string): Promise<DataKey> {
  try {
    return await sealer.dataKey(producer)
  } catch (cause) {
    throw new ProblemError(
      'dependency-unavailable',
      'There is no key to seal the records with: de-identification has not announced the one of today. No record was accepted.',
      { cause },
    )
  }
}

/** Records of one feed that cannot be accepted reject the whole request, so that the client may send it again as it is. */
function checkRetention({ isNearRetention }: IngestDependencies['retention'], batch: Batch): void {
  const near = [...batch.byTopic.values()].find(({ feed }) => isNearRetention(feed))
  if (near)
    throw new ProblemError(
      'backlog-near-retention',
      `De-identification is behind on ${near.feed}: records would expire before it has read them. Nothing of this request was accepted now.`,
    )
}

/**
 * @returns true when records that are not acknowledged may be in the log all the same
 * @throws ProblemError dependency-unavailable when Kafka took nothing, and not because of single partitions
 */
async function append({ log, objects }: IngestDependencies, batch: Batch): Promise<boolean> {
  const taking = log.taking()
  if (taking) batch.holdBack(taking)
  const held = batch.unavailable > 0
  const topics = [...batch.byTopic.values()].filter(({ messages }) => messages.length > 0)
  if (topics.length === 0) return false
  if (objects) await storeFiles(objects, batch)
  const { missing, placed, doubtful, partition } = await log.append(topics)
  for (const [i, topic] of topics.entries()) batch.settle(topic, missing[i] ?? [], placed[i] ?? [])
  if (batch.unavailable > 0 && batch.accepted === 0 && !held && !partition)
    throw new ProblemError(
      'dependency-unavailable',
      'Kafka did not acknowledge the records: they may or may not be in the log. Sending them again with the same record_id is safe.',
    )
  return doubtful
}

/** Before Kafka has the records: a record in the log has its file. What is stored and not in the log is removed by `deidentify`. */
async function storeFiles(objects: Pick<ObjectStore, 'put'>, batch: Batch): Promise<void> {
  try {
    for (const { name, pieces } of batch.files()) await objects.put(name, pieces)
  } catch (cause) {
    if (!(cause instanceof ChainonError)) throw cause
    throw new ProblemError(
      'dependency-unavailable',
      'The object store does not take the files. No record was accepted now.',
      { cause },
    )
  }
}

async function begin(dependencies: IngestDependencies, { producer, target, body }: IngestRequest, key: string) {
  const fingerprint = hash('sha256', `${target} ${hash('sha256', body, 'hex')}`, 'hex')
  return await dependencies.degraded.attempt('idempotency', () =>
    dependencies.idempotency.begin(producer, key, fingerprint),
  )
}
