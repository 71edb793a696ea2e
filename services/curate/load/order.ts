/**
 * Origins are dense, so one comparison per message distinguishes the next record, a replay and a gap. A duplicate or a gap is found
 * at the first message that shows it, from any cause.
 */
import type { KafkaMessage } from 'kafkajs'
import { originOffset } from '#core/kafka/headers.ts'

/** A message of `pseudonymised.<feed>` with the origin that its header names. */
export interface OriginMessage {
  readonly message: KafkaMessage
  /** Offset in the partition of `identified.<feed>`. */
  readonly origin: bigint
}

export interface Ordered {
  /** The messages of the next origins, one for each. */
  readonly messages: readonly OriginMessage[]
  readonly replayed: number
  /** Messages without an origin header: not written by deidentify. */
  readonly foreign: number
  /** High-water mark after the batch. */
  readonly hwm: bigint
  /** Set when a message's origin is beyond the next one; it and what follows are not in `messages`. */
  readonly gap?: { readonly expected: bigint; readonly found: bigint; readonly logOffset: bigint }
}

/** @param hwm the last origin that was loaded; -1 before the first */
export function orderByOrigin(messages: readonly KafkaMessage[], hwm: bigint): Ordered {
  const next: OriginMessage[] = []
  let replayed = 0
  let foreign = 0
  let newHwm = hwm
  for (const message of messages) {
    const origin = originOffset(message.headers)
    if (origin === undefined) {
      foreign++
    } else if (origin <= newHwm) {
      replayed++
    } else if (origin === newHwm + 1n) {
      next.push({ message, origin })
      newHwm = origin
    } else {
      return {
        messages: next,
        replayed,
        foreign,
        hwm: newHwm,
        gap: { expected: newHwm + 1n, found: origin, logOffset: BigInt(message.offset) },
      }
    }
  }
  return { messages: next, replayed, foreign, hwm: newHwm }
}
