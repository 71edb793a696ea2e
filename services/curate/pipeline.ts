/**
 * The way of a batch through the pseudonymised zone:
 *
 *   taken messages -> decode (or read the marker) -> validate -> link -> blocks, one per table
 *
 * Order and loading (high-water mark, intent, insert, commit) are around it, in worker.ts.
 */

import type { Decoder } from '#core/avro/registry.ts'
import { fullName, MARKER_SCHEMA } from '#core/contract/avro-schemas.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { FaultCode } from '#core/faults/codes.ts'
import { HEADER_MARKER, headerText } from '#core/kafka/headers.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import type { Contribution, Link, Linker } from './link/linker.ts'
import type { Ordered } from './load/order.ts'
import type { RowBuilder } from './load/rows.ts'
import { type RuleCount, ruleTally, type validator } from './validate/validate.ts'

export interface FeedParts {
  readonly contract: FeedContract
  readonly decoder: Decoder
  readonly validate: ReturnType<typeof validator>
  readonly rows: RowBuilder
  readonly level2: Pseudonymiser
  readonly secondLevelToken: (token: string) => string | undefined
  readonly linker: Linker
}

/** A record that did not reach its table: names and rules, never a value. */
export interface Rejection {
  readonly origin: bigint
  readonly outcome: 'rejected' | 'quarantined'
  readonly stage: 'deidentify' | 'curate'
  readonly fault: FaultCode
  readonly detail: FaultDetail
  readonly producer: string
  readonly receivedAt: number
}

/** What a batch comes to. loaded + rejected + quarantined = records taken. */
export interface Curated {
  readonly rows: readonly (readonly unknown[])[]
  readonly rejections: readonly Rejection[]
  /** Records that were loaded, under the flag `UNLINKED`, without a link. */
  readonly unlinked: number
  readonly links: readonly { readonly link: Link; readonly cause: bigint }[]
  readonly rules: readonly RuleCount[]
  /** When the gateway took each loaded record, ms, in order. */
  readonly receivedAt: readonly number[]
}

interface Accepted {
  readonly record: Readonly<Record<string, unknown>>
  readonly origin: bigint
  readonly flags: readonly string[]
}

type Taken = Ordered['taken'][number]

/** Flag of a record whose traits too many patients share: it is loaded, and stands alone. */
export const UNLINKED: FaultCode = 'linkage-neighbourhood-too-large'
const MARKER_NAME = fullName(MARKER_SCHEMA)

export async function curateBatch(parts: FeedParts, partition: number, taken: Ordered['taken']): Promise<Curated> {
  await parts.decoder.prepare(taken.map(({ message }) => message.value))
  const tally = ruleTally()
  const accepted: Accepted[] = []
  const rejections: Rejection[] = []
  for (const [index, one] of taken.entries()) {
    if (yieldDue(index)) await yieldToEventLoop()
    const read = readMessage(parts, one)
    if ('outcome' in read) {
      rejections.push(read)
      // A rule that rejected where the value still was: it counts with those checked here. Rules it never came to do not.
      if (read.stage === 'deidentify' && read.fault === 'rule-rejected')
        tally.add(read.producer, read.receivedAt, read.detail.rule, 'reject', 'failed')
      continue
    }
    const validation = parts.validate(read.record, tally)
    if (validation.rejected) rejections.push(rejection(read, validation.rejected))
    else accepted.push({ ...read, flags: validation.flags })
  }
  const { links, unlinked } = parts.contract.linked
    ? await linkAccepted(parts, partition, accepted)
    : { links: [], unlinked: new Set<bigint>() }
  const rows: (readonly unknown[])[] = []
  for (const [index, { record, flags, origin }] of accepted.entries()) {
    if (yieldDue(index)) await yieldToEventLoop()
    rows.push(parts.rows.row(record, unlinked.has(origin) ? [...flags, UNLINKED] : flags, partition, origin))
  }
  return {
    rows,
    rejections,
    links,
    unlinked: unlinked.size,
    rules: tally.rows(),
    receivedAt: accepted.map(({ record }) => Number(record._received_at)),
  }
}

function readMessage(
  parts: FeedParts,
  { message, origin }: Taken,
): { record: Readonly<Record<string, unknown>>; origin: bigint } | Rejection {
  const decoded = parts.decoder.decode(message.value)
  const marked = headerText(message.headers, HEADER_MARKER) !== undefined
  // A marker's header on a record's body, or the other way round, is nobody's message.
  if (!decoded || marked !== (decoded.name === MARKER_NAME)) {
    return {
      origin,
      outcome: 'quarantined',
      stage: 'curate',
      fault: 'undecodable',
      detail: { pointer: '', rule: 'undecodable' },
      producer: '',
      receivedAt: Number(message.timestamp),
    }
  }
  if (!marked) return { record: decoded.record, origin }
  const marker = decoded.record
  return {
    origin,
    outcome: 'quarantined',
    stage: 'deidentify',
    fault: String(marker.fault) as FaultCode,
    detail: { pointer: String(marker.pointer), rule: String(marker.rule) },
    producer: String(marker.producer),
    receivedAt: Number(marker.received_at),
  }
}

function rejection(
  { record, origin }: { record: Readonly<Record<string, unknown>>; origin: bigint },
  detail: FaultDetail,
): Rejection {
  return {
    origin,
    outcome: 'rejected',
    stage: 'curate',
    fault: 'rule-rejected',
    detail,
    producer: String(record._producer),
    receivedAt: Number(record._received_at),
  }
}

async function linkAccepted(
  parts: FeedParts,
  partition: number,
  accepted: readonly Accepted[],
): Promise<{ links: Curated['links']; unlinked: ReadonlySet<bigint> }> {
  const results = await parts.linker.link(accepted.map((one) => contribution(parts, partition, one)))
  const links: { link: Link; cause: bigint }[] = []
  const unlinked = new Set<bigint>()
  for (const [index, result] of results.entries()) {
    const one = accepted[index]
    if (!one) continue
    if (result.ok) links.push(...result.links.map((link) => ({ link, cause: one.origin })))
    else unlinked.add(one.origin)
  }
  return { links, unlinked }
}

function contribution(parts: FeedParts, partition: number, { record, origin }: Accepted): Contribution {
  const { contract, level2 } = parts
  const subject = contract.fields.find((field) => field.name === contract.subject)
  return {
    patientId: level2.pseudonym('patient', String(record[subject?.as ?? contract.subject])),
    recordId: level2.pseudonym('record', String(record.record_id)),
    version: Number(record[contract.version]),
    offset: Number(origin),
    origin: `${contract.feed}:${partition}:${origin}`,
    cancelled: record.operation === 'cancel',
    receivedAt: Number(record._received_at),
    tokens: (record._tokens as readonly string[]).map(parts.secondLevelToken).filter((token) => token !== undefined),
  }
}
