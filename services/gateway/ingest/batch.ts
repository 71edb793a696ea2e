/** Collects the outcome of each record of one request: messages for Kafka, faults for the answer, counts for both. */
import { asRecordFault, FAULTS, type RecordFault } from '#core/faults/codes.ts'
import { type FeedCount, MAX_ERRORS, type RecordError } from '#core/gateway-api/record-counts.ts'
import type { FaultDetails, RuleName } from '#core/pipeline/verdict.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import type { Item } from '../decode/item.ts'
import type { IdentifiedMessage } from '../encode/encode-identified.ts'
import type { GatewayFeed } from '../encode/pipeline.ts'
import { ProblemError } from '../problem.ts'
import type { Stamp } from './stamp.ts'

export interface TopicMessages {
  readonly topic: string
  readonly feed: string
  readonly messages: Envelope<'identified', IdentifiedMessage>[]
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

/** Name of the step for what could not be decoded. */
const DECODE = 'decode'

export class Batch {
  readonly errors: RecordError[] = []
  readonly byFeed = new Map<string, FeedCount>()
  readonly byTopic = new Map<string, TopicMessages>()
  readonly rejections = new Map<string, RejectionCount>()
  accepted = 0
  rejected = 0
  truncated = false
  readonly #dependencies: BatchDependencies
  readonly #producer: string
  readonly #nameFeeds: boolean

  /** @param nameFeeds true when a request has records of several feeds, so that each fault names its feed */
  constructor(dependencies: BatchDependencies, producer: string, nameFeeds: boolean) {
    this.#dependencies = dependencies
    this.#producer = producer
    this.#nameFeeds = nameFeeds
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
    if (item.kind === 'undecodable')
      return this.#reject(index, feed, DECODE, [{ pointer: item.pointer, rule: item.fault }])
    const known = this.#dependencies.feeds.get(item.feed)
    if (!known) return this.#reject(index, undefined, DECODE, [{ pointer: '', rule: 'unmapped-resource' }])
    // One stamp per record, made once: what Kafka's client sends again has the stamp of its receipt.
    const provenance = { producer: this.#producer, receivedAt: this.#dependencies.stamp() }
    const result = known.pipeline.run({ raw: item.raw, source: item.source, provenance })
    if (result.kind === 'fail') return this.#reject(index, feed, result.stage, result.details, result.fault)
    this.accepted++
    this.#count(item.feed).accepted++
    const topic = this.byTopic.get(known.topic)
    if (topic) topic.messages.push(result.value)
    else this.byTopic.set(known.topic, { topic: known.topic, feed: item.feed, messages: [result.value] })
  }

  /** @param fault of the record, when `faults` name rules of its contract */
  #reject(index: number, feed: string | undefined, stage: string, faults: FaultDetails, fault?: RecordFault): void {
    this.rejected++
    if (feed !== undefined) this.#count(feed).rejected++
    for (const { pointer, rule } of faults) {
      if (this.errors.length >= MAX_ERRORS) this.truncated = true
      else {
        const named = this.#nameFeeds && feed !== undefined ? { feed } : {}
        this.errors.push({ index, ...named, pointer, rule, detail: textOf(rule, fault) })
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

function textOf(rule: RuleName, of?: RecordFault): string {
  const fault = asRecordFault(rule) ?? of
  return fault ? FAULTS[fault].text : 'A rule of the contract failed.'
}
