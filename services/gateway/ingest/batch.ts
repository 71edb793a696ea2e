/** Collects the outcome of each record of one request: messages for Kafka, faults for the answer, counts for both. */
import { FAULTS } from '#core/faults/codes.ts'
import { type FeedCount, MAX_ERRORS, type RecordError } from '#core/gateway-api/record-counts.ts'
import type { FaultDetail, FaultDetails, RuleName } from '#core/pipeline/verdict.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import type { DecodedItem, Item } from '../decode/item.ts'
import type { GatewayFeed } from '../encode/pipeline.ts'
import type { SealedMessage } from '../encode/seal-record.ts'
import type { PlacedRun } from '../log/record-log.ts'
import { ProblemError } from '../problem.ts'
import type { DataKey, SealedFilePieces } from '../seal/sealer.ts'
import { Progress } from './progress.ts'
import type { Stamp } from './stamp.ts'

/** The valid records of one feed that are not in the log yet. */
export interface TopicMessages {
  readonly topic: string
  readonly feed: string
  readonly messages: Envelope<'identified', SealedMessage>[]
  /** Of each message: its index in the request, and its place among all records of the request. */
  readonly origins: { readonly index: number; readonly place: number }[]
  /** How many of the messages are in the log, when they are settled. */
  acknowledged: number
}

/** Records of one feed that are next to each other in the log. */
export interface AcceptedRun {
  readonly feed: string
  readonly partition: number
  /** Of the first of them; undefined when it is not known. */
  readonly offset: bigint | undefined
  /** Of each record: its index in the request, and the hash of its id. */
  readonly indexes: readonly number[]
  readonly recordHashes: readonly number[]
}

/** Records rejected by one rule at one step; the feed is empty when it is not known. */
export interface RejectionCount {
  readonly feed: string
  readonly stage: string
  readonly rule: RuleName
  count: number
}

export interface BatchDependencies {
  readonly feeds: ReadonlyMap<string, GatewayFeed>
  readonly maxRecords: number
  readonly stamp: Stamp
}

/** Of a message besides its value: key, envelope, origin and headers of the objects. */
const MESSAGE_OVERHEAD_BYTES = 512

/** Name of the step for what could not be decoded. */
const DECODE = 'decode'

export class Batch {
  readonly errors: RecordError[] = []
  readonly byFeed = new Map<string, FeedCount>()
  readonly byTopic = new Map<string, TopicMessages>()
  readonly rejections = new Map<string, RejectionCount>()
  /** Valid; at the end, in the log. */
  accepted = 0
  rejected = 0
  /** Valid, and not in the log. */
  unavailable = 0
  truncated = false
  /** Bytes of memory of the messages, estimated. */
  messageBytes = 0
  /** What this request has put into the log, without what an earlier one with the same idempotency key has. */
  readonly runs: AcceptedRun[] = []
  /** Of the first and the last record that were stamped; 0 when none was. */
  readonly stamps = { first: 0, last: 0 }
  readonly #unavailableIndexes = new Set<number>()
  readonly #progress: Progress
  #places = 0
  readonly #dependencies: BatchDependencies
  readonly #producer: string
  readonly #dataKey: DataKey
  readonly #nameFeeds: boolean

  /**
   * @param dataKey of the producer
   * @param nameFeeds true when a request has records of several feeds, so that each fault names its feed
   * @param progress records of the request that are in the log already
   */
  constructor(
    dependencies: BatchDependencies,
    producer: string,
    dataKey: DataKey,
    nameFeeds: boolean,
    progress = new Progress(),
  ) {
    this.#dependencies = dependencies
    this.#producer = producer
    this.#dataKey = dataKey
    this.#nameFeeds = nameFeeds
    this.#progress = progress
  }

  /** Indexes of the request with a record that is valid and not in the log, ascending. */
  get unavailableIndexes(): readonly number[] {
    return [...this.#unavailableIndexes].sort((a, b) => a - b)
  }

  /**
   * Runs the record through its feed's pipeline.
   *
   * @throws ProblemError too-many-records
   */
  add(item: Item): void {
    if (this.accepted + this.rejected >= this.#dependencies.maxRecords)
      throw new ProblemError(
        'too-many-records',
        `A request may have at most ${this.#dependencies.maxRecords} records; send several requests.`,
      )
    const { index, feed } = item
    const place = this.#places++
    if (item.kind === 'undecodable') {
      const { fault, pointer, path, allowed } = item
      const found = { detail: FAULTS[fault].text, path, allowed }
      return this.#reject(index, feed, DECODE, [{ pointer, rule: fault }], () => found)
    }
    const known = this.#dependencies.feeds.get(item.feed)
    if (!known) {
      const rule = 'unmapped-resource'
      return this.#reject(index, undefined, DECODE, [{ pointer: '', rule }], () => ({ detail: FAULTS[rule].text }))
    }
    if (this.#progress.has(place)) return this.#accept(item.feed)
    // One stamp per record, made once: what Kafka's client sends again has the stamp of its receipt.
    const provenance = { producer: this.#producer, receivedAt: this.#dependencies.stamp() }
    this.stamps.last = provenance.receivedAt
    this.stamps.first ||= provenance.receivedAt
    const result = known.pipeline.run({
      raw: item.raw,
      source: item.source,
      provenance,
      dataKey: this.#dataKey,
      file: item.file,
    })
    if (result.kind === 'fail') return this.#reject(index, feed, result.stage, result.details, explainIn(known, item))
    this.#accept(item.feed)
    let topic = this.byTopic.get(known.topic)
    if (!topic) {
      topic = { topic: known.topic, feed: item.feed, messages: [], origins: [], acknowledged: 0 }
      this.byTopic.set(known.topic, topic)
    }
    topic.messages.push(result.value)
    this.messageBytes += result.value.body.value.length + MESSAGE_OVERHEAD_BYTES
    topic.origins.push({ index, place })
  }

  /**
   * Leaves out, before anything is sent, what cannot be taken now, with everything that comes from the same index: an index is then
   * either in the log or not.
   *
   * @param taking says of a topic and a key whether its partition takes records
   */
  holdBack(taking: (topic: string, key: string) => boolean): void {
    const held = new Set<number>()
    for (const { topic, messages, origins } of this.byTopic.values())
      for (const [i, { body }] of messages.entries()) if (!taking(topic, body.key)) held.add(origins[i]?.index ?? -1)
    for (const [name, all] of this.byTopic) {
      const positions = all.origins.flatMap(({ index }, i) => (held.has(index) ? [i] : []))
      this.#leaveOut(all, positions)
      const absent = new Set(positions)
      const messages = all.messages.filter((_, i) => !absent.has(i))
      this.byTopic.set(name, { ...all, messages, origins: all.origins.filter((_, i) => !absent.has(i)) })
    }
  }

  /** Files of the messages that are to be sent, sealed. */
  *files(): Generator<SealedFilePieces> {
    for (const { messages } of this.byTopic.values())
      for (const { body } of messages) if (body.file !== undefined) yield body.file
  }

  /**
   * Notes what became of the messages of a topic.
   *
   * @param missing positions of those that are not in the log, ascending
   * @param placed where the others are
   */
  settle(topic: TopicMessages, missing: readonly number[], placed: readonly PlacedRun[]): void {
    for (const { partition, offset, positions } of placed)
      this.runs.push({
        feed: topic.feed,
        partition,
        offset,
        indexes: positions.map((position) => topic.origins[position]?.index ?? -1),
        recordHashes: positions.map((position) => topic.messages[position]?.body.recordHash ?? 0),
      })
    const absent = new Set(missing)
    for (const [i, { place }] of topic.origins.entries()) if (!absent.has(i)) this.#progress.add(place)
    topic.acknowledged = topic.messages.length - missing.length
    this.#leaveOut(topic, missing)
  }

  #leaveOut({ feed, origins }: TopicMessages, positions: readonly number[]): void {
    for (const position of positions) this.#unavailableIndexes.add(origins[position]?.index ?? -1)
    const count = this.#count(feed)
    this.accepted -= positions.length
    this.unavailable += positions.length
    count.accepted -= positions.length
    if (positions.length > 0) count.unavailable = (count.unavailable ?? 0) + positions.length
  }

  #accept(feed: string): void {
    this.accepted++
    this.#count(feed).accepted++
  }

  /** @param explain says of a fault what it means, where it is in what was sent, and what may be there */
  #reject(
    index: number,
    feed: string | undefined,
    stage: string,
    faults: FaultDetails,
    explain: (fault: FaultDetail) => Found,
  ): void {
    this.rejected++
    if (feed !== undefined) this.#count(feed).rejected++
    for (const fault of faults) {
      const { pointer, rule } = fault
      if (this.errors.length >= MAX_ERRORS) this.truncated = true
      else {
        const named = this.#nameFeeds && feed !== undefined ? { feed } : {}
        const { allowed, detail, path } = explain(fault)
        const where = { ...(path === undefined ? {} : { path }), ...(allowed === undefined ? {} : { allowed }) }
        this.errors.push({ index, ...named, pointer, ...where, rule, detail })
      }
    }
    const [{ rule }] = faults
    const name = `${feed ?? ''} ${rule}`
    const known = this.rejections.get(name)
    if (known) known.count++
    else this.rejections.set(name, { feed: feed ?? '', stage, rule, count: 1 })
  }

  #count(feed: string): FeedCount {
    let count = this.byFeed.get(feed)
    if (!count) {
      count = { accepted: 0, rejected: 0 }
      this.byFeed.set(feed, count)
    }
    return count
  }
}

/** What a fault means, where it is in the terms of the format, and what may be there. */
interface Found {
  readonly detail: string
  readonly path?: string | undefined
  readonly allowed?: readonly string[] | undefined
}

function explainIn({ explain }: GatewayFeed, { pathOf }: DecodedItem): (fault: FaultDetail) => Found {
  return (fault) => ({ ...explain(fault), path: pathOf?.(fault.pointer.slice(1)) })
}
