/**
 * Every message of the identified log, with the end state that it must have by the contract's rules, and which version of each record is in
 * force by the order of versions and acceptance.
 */
import { NONCE_EPOCH_MS, NONCE_FIELD } from '../load/records.ts'
import type { LogMessage, Values } from './log.ts'
import type { FeedRules, RuleVerdict } from './rules.ts'

export interface Origin {
  readonly feed: string
  /** Index of the topic's incarnation: 0, and one more each time that the topic was created again. */
  readonly incarnation: number
  readonly partition: number
  readonly offset: number
  readonly nonce: number
  readonly producer: string
  readonly recordId: string
  readonly subject: string
  readonly version: number
  readonly cancelled: boolean
  /** When the gateway accepted it, milliseconds since 1970, with fractions where the log has them. */
  readonly acceptedAt: number
  readonly verdict: RuleVerdict
  /** Its pseudonymised message: the first one. */
  message?: Values
  row: boolean
  quarantined: boolean
}

export interface RuleCount {
  checked: number
  failed: number
  notApplicable: number
}

/** The nonce of a record or a row: of a number, or of a time in milliseconds. */
export function nonceOf(feed: string, value: unknown): number {
  const timed = NONCE_FIELD[feed as keyof typeof NONCE_FIELD] !== 'value_number'
  return timed ? (Number(value) - NONCE_EPOCH_MS) / 1000 : Number(value)
}

export class Origins {
  readonly #byPlace = new Map<string, Origin[]>()
  readonly #inForce = new Map<string, Origin>()
  readonly #byNonce = new Map<number, Origin[]>()
  /** `feed|producer|hour|rule|severity` to its counts. */
  readonly counts = new Map<string, RuleCount>()

  /** Adds a message of the identified log. Messages come in the order of their partition. */
  add(message: LogMessage, incarnation: number, rules: FeedRules): Origin {
    const { feed, partition, offset, record } = message
    const acceptedAt = Number(record._received_at) * message.stampUnitMs
    const verdict = rules.judge(record, acceptedAt)
    const origin: Origin = {
      feed,
      incarnation,
      partition,
      offset,
      nonce: nonceOf(feed, record[NONCE_FIELD[feed as keyof typeof NONCE_FIELD]]),
      producer: String(record._producer),
      recordId: String(record.record_id),
      subject: String(record[rules.subject]),
      version: Number(record.record_version),
      cancelled: record.operation === 'cancel',
      acceptedAt,
      verdict,
      row: false,
      quarantined: false,
    }
    const place = `${feed}/${incarnation}/${partition}`
    const list = this.#byPlace.get(place) ?? []
    list[offset] = origin
    this.#byPlace.set(place, list)
    this.#byNonce.set(origin.nonce, [...(this.#byNonce.get(origin.nonce) ?? []), origin])
    this.#count(origin)
    if (verdict.rejectedBy) return origin
    const key = recordKey(origin)
    const known = this.#inForce.get(key)
    if (!known || isLater(origin, known)) this.#inForce.set(key, origin)
    return origin
  }

  /** Forgets what was seen in the tables. @returns every origin */
  forget(): Origin[] {
    const all = [...this.#byPlace.values()].flat().filter((origin) => origin !== undefined)
    for (const origin of all) {
      origin.row = false
      origin.quarantined = false
    }
    return all
  }

  at(feed: string, incarnation: number, partition: number, offset: number): Origin | undefined {
    return this.#byPlace.get(`${feed}/${incarnation}/${partition}`)?.[offset]
  }

  /** The origins of one record's content: more than one after a request that was sent again. */
  copies(nonce: number): readonly Origin[] {
    return this.#byNonce.get(nonce) ?? []
  }

  /** The version in force of a record; only records that no rule rejects count. */
  inForce(origin: Origin): Origin | undefined {
    return this.#inForce.get(recordKey(origin))
  }

  /** @returns how many records of a feed readers see */
  visible(feed: string): number {
    let count = 0
    for (const origin of this.#inForce.values()) if (origin.feed === feed && !origin.cancelled) count++
    return count
  }

  #count({ feed, producer, acceptedAt, verdict }: Origin): void {
    const hour = Math.floor(acceptedAt / 3_600_000) * 3600
    for (const { rule, severity, outcome } of verdict.counted) {
      const key = `${feed}|${producer}|${hour}|${rule}|${severity}`
      const count = this.counts.get(key) ?? { checked: 0, failed: 0, notApplicable: 0 }
      this.counts.set(key, count)
      if (outcome === 'not-applicable') count.notApplicable++
      else count.checked++
      if (outcome === 'failed') count.failed++
    }
  }
}

const recordKey = ({ feed, producer, recordId }: Origin) => `${feed}/${producer}/${recordId}`

/** The higher version; between equal ones, what the gateway accepted last. */
function isLater(one: Origin, other: Origin): boolean {
  if (one.version !== other.version) return one.version > other.version
  return one.acceptedAt !== other.acceptedAt ? one.acceptedAt > other.acceptedAt : one.offset > other.offset
}

export function placeOf({ feed, incarnation, partition, offset }: Origin): string {
  return `${feed} ${incarnation > 0 ? `(incarnation ${incarnation}) ` : ''}${partition}:${offset}`
}
