/**
 * Origins are dense, so one comparison per message tells apart the next record, a replay and a loss. Duplicates and gaps are
 * both seen at once, whatever caused them.
 */
import type { KafkaMessage } from 'kafkajs'
import { originOffset } from '#core/kafka/headers.ts'

export interface Ordered {
  readonly taken: readonly { readonly message: KafkaMessage; readonly origin: bigint }[]
  readonly replayed: number
  /** Messages without an origin: nobody's record. */
  readonly foreign: number
  /** High-water mark after the batch. */
  readonly hwm: bigint
  /** Set when a message's origin is beyond the next one; it and what follows are not taken. */
  readonly gap?: { readonly expected: bigint; readonly found: bigint; readonly logOffset: bigint }
}

export function orderByOrigin(messages: readonly KafkaMessage[], hwm: bigint): Ordered {
  const taken: { message: KafkaMessage; origin: bigint }[] = []
  let replayed = 0
  let foreign = 0
  let mark = hwm
  for (const message of messages) {
    const origin = originOffset(message.headers)
    if (origin === undefined) {
      foreign++
    } else if (origin <= mark) {
      replayed++
    } else if (origin === mark + 1n) {
      taken.push({ message, origin })
      mark = origin
    } else {
      return {
        taken,
        replayed,
        foreign,
        hwm: mark,
        gap: { expected: mark + 1n, found: origin, logOffset: BigInt(message.offset) },
      }
    }
  }
  return { taken, replayed, foreign, hwm: mark }
}
