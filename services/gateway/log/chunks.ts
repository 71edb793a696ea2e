/** Divides the messages of a request by partition, and those of a partition into what is sent at once. */

import { ChainonError } from '#core/faults/errors.ts'
import { MAX_PRODUCE_MESSAGES } from '#core/kafka/client.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import type { SealedMessage } from '../encode/seal-record.ts'
import { type Chunk, LINGER_BYTES } from './lane.ts'

/** Only messages of the gateway's encoder have this type. */
export interface TopicBatch {
  readonly topic: string
  readonly messages: readonly Envelope<'identified', SealedMessage>[]
}

export interface Slice {
  readonly chunk: Omit<Chunk, 'settle'>
  /** Positions of its messages in the batch, ascending. */
  readonly places: readonly number[]
}

/** Approximate bytes of a record besides its value: key, lengths, offsets. */
const OVERHEAD_BYTES = 70
/** Below this a slice costs more than it distributes. */
const MIN_SLICE_MESSAGES = 100

/** @returns the positions of the batch's messages by partition; only partitions that have any */
export function byPartition({ messages }: TopicBatch, partitions: number): ReadonlyMap<number, readonly number[]> {
  const places = Array.from({ length: partitions }, (): number[] => [])
  for (const [place, { body }] of messages.entries()) places[partitionOf(body.key, partitions)]?.push(place)
  return new Map([...places.entries()].filter(([, of]) => of.length > 0))
}

/**
 * @param partitions of the batch: a send has a bounded number of messages, and those of several partitions are sent together, because
 *   kafkajs copies the list of a partition once for each message
 */
export function slices(
  { topic, messages }: TopicBatch,
  partition: number,
  places: readonly number[],
  partitions: number,
): readonly Slice[] {
  const most = Math.max(MIN_SLICE_MESSAGES, Math.ceil(MAX_PRODUCE_MESSAGES / partitions))
  const found: Slice[] = []
  let start = 0
  let bytes = 0
  const cut = (end: number): void => {
    const own = places.slice(start, end)
    const chunk = { topic, partition, messages: own.map((place) => messageAt(messages, place, partition)), bytes }
    found.push({ chunk, places: own })
    start = end
    bytes = 0
  }
  for (const [at, place] of places.entries()) {
    const size = (messages[place]?.body.value.length ?? 0) + OVERHEAD_BYTES
    if (at > start && (bytes + size > LINGER_BYTES || at - start >= most)) cut(at)
    bytes += size
  }
  cut(places.length)
  return found
}

function messageAt(messages: TopicBatch['messages'], place: number, partition: number): Chunk['messages'][number] {
  const message = messages[place]?.body
  if (!message) throw new ChainonError('bug', 'a batch has no message at a place of its own')
  return { key: message.key, value: message.value, partition }
}

/** The routing key is already a keyed hash: its characters distribute records evenly, without a second hash of 200 instructions a byte. */
export function partitionOf(key: string, partitions: number): number {
  let sum = 0
  for (let i = 0; i < 12; i++) sum = (sum * 31 + key.charCodeAt(i)) >>> 0
  return sum % partitions
}
