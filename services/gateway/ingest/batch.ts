/** Collects what becomes of each record of one request: messages for Kafka, faults for the answer, counts for both. */
import type { ValueSource } from '#core/contract/record-reader.ts'
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { type FeedCount, MAX_ERRORS, type RecordError } from '#core/gateway-api/record-counts.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'
import type { FeedIntake, LogMessage, Stamp } from '../encode/feed-encoder.ts'
import { ProblemError } from '../problem.ts'

export interface TopicMessages {
  readonly topic: string
  readonly feed: string
  readonly messages: LogMessage[]
}

export class Batch {
  readonly errors: RecordError[] = []
  readonly byFeed = new Map<string, FeedCount>()
  readonly byTopic = new Map<string, TopicMessages>()
  /** Rejections per feed and rule, for the metrics; the feed is empty when none was meant. */
  readonly rejections = new Map<string, { readonly feed: string; readonly rule: string; count: number }>()
  accepted = 0
  rejected = 0
  truncated = false
  readonly #stamp: Stamp
  readonly #maxRecords: number
  readonly #nameFeeds: boolean

  /**
   * @param nameFeeds true when a request feeds several, so that each fault names its own
   */
  constructor(stamp: Stamp, maxRecords: number, nameFeeds: boolean) {
    this.#stamp = stamp
    this.#maxRecords = maxRecords
    this.#nameFeeds = nameFeeds
  }

  get receivedAt(): number {
    return this.#stamp.receivedAt
  }

  /** @throws ProblemError too-many-records */
  take(intake: FeedIntake, index: number, raw: unknown, source: ValueSource): void {
    const taken = intake.take(raw, source, this.#stamp)
    const { feed } = intake.contract
    if (!taken.ok) return this.reject(index, feed, taken.faults)
    this.#bound()
    this.accepted++
    this.#count(feed).accepted++
    const topic = this.byTopic.get(intake.topic)
    if (topic) topic.messages.push(taken.message)
    else this.byTopic.set(intake.topic, { topic: intake.topic, feed, messages: [taken.message] })
  }

  /**
   * @param feed the feed that the record was for, undefined when it has none
   * @throws ProblemError too-many-records
   */
  reject(index: number, feed: string | undefined, faults: readonly FaultDetail[]): void {
    this.#bound()
    this.rejected++
    if (feed !== undefined) this.#count(feed).rejected++
    for (const { pointer, rule } of faults) {
      if (this.errors.length >= MAX_ERRORS) this.truncated = true
      else
        this.errors.push({
          index,
          ...(this.#nameFeeds && feed !== undefined ? { feed } : {}),
          pointer,
          rule,
          detail: textOf(rule),
        })
    }
    const rule = faults[0]?.rule ?? 'type'
    const name = `${feed ?? ''} ${rule}`
    const known = this.rejections.get(name)
    if (known) known.count++
    else this.rejections.set(name, { feed: feed ?? '', rule, count: 1 })
  }

  #bound(): void {
    if (this.accepted + this.rejected >= this.#maxRecords)
      throw new ProblemError('too-many-records', `A request may hold ${this.#maxRecords} records; send several.`)
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

function textOf(rule: string): string {
  return rule in FAULTS ? FAULTS[rule as FaultCode].text : 'A rule of the contract failed.'
}
