/**
 * Origins are dense, so one comparison per message distinguishes the next record, a replay and a gap. A duplicate or a gap is found
 * at the first message that shows it, from any cause.
 */
import type { KafkaMessage } from 'kafkajs'
import { originOf } from '#core/kafka/headers.ts'

/** A message of `pseudonymised.<feed>` with the origin that its header names. */
export interface OriginMessage {
  readonly message: KafkaMessage
  /** Offset in the partition of `identified.<feed>`. */
  readonly origin: bigint
}

export interface Ordered {
  /** The incarnation in which the origins are counted; undefined when no message has an origin. */
  readonly incarnation: string | undefined
  /** The messages of the next origins, one for each. */
  readonly messages: readonly OriginMessage[]
  readonly replayed: number
  /** Messages without an origin header: not written by deidentify. */
  readonly foreign: number
  /** High-water mark of the incarnation after the batch. */
  readonly hwm: bigint
  /** Messages that were read: all, or those before a gap or another incarnation. */
  readonly read: number
  /** Set when a message's origin is beyond the next one; it and what follows are not in `messages`. */
  readonly gap?: { readonly expected: bigint; readonly found: bigint }
}

/**
 * Orders the messages up to the first of another incarnation.
 *
 * @param hwmOf the last origin of an incarnation that was loaded; one before its first origin when none was
 */
export function orderByOrigin(messages: readonly KafkaMessage[], hwmOf: (incarnation: string) => bigint): Ordered {
  const next: OriginMessage[] = []
  let incarnation: string | undefined
  let replayed = 0
  let foreign = 0
  let read = 0
  let hwm = -1n
  let gap: Ordered['gap'] | undefined
  for (const message of messages) {
    const origin = originOf(message.headers)
    if (origin === undefined) {
      foreign++
    } else {
      incarnation ??= origin.incarnation
      if (next.length + replayed === 0) hwm = hwmOf(incarnation)
      if (origin.incarnation !== incarnation) break
      if (origin.offset <= hwm) {
        replayed++
      } else if (origin.offset === hwm + 1n) {
        next.push({ message, origin: origin.offset })
        hwm = origin.offset
      } else {
        gap = { expected: hwm + 1n, found: origin.offset }
        break
      }
    }
    read++
  }
  return { incarnation, messages: next, replayed, foreign, hwm, read, ...(gap ? { gap } : {}) }
}
