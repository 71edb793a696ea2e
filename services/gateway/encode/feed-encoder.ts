/** What is compiled once per feed: from a decoded object to the framed Avro bytes and the message key. */
import type { AvroRegistry } from '#core/avro/registry.ts'
import { identifiedSchema } from '#core/contract/avro-schemas.ts'
import { subjectOf, topicOf } from '#core/contract/names.ts'
import { type RecordRead, recordReader, type ValueSource } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Mac } from '#core/crypto/hmac.ts'
import type { FaultDetail } from '#core/pipeline/verdict.ts'

export interface Stamp {
  readonly producer: string
  /** Milliseconds since 1970. */
  readonly receivedAt: number
}

/** A record as it goes to Kafka. */
export interface LogMessage {
  readonly key: string
  readonly value: Buffer
}

export type Taken =
  | { readonly ok: true; readonly message: LogMessage }
  | { readonly ok: false; readonly faults: readonly FaultDetail[] }

export interface FeedIntake {
  readonly contract: FeedContract
  readonly topic: string
  /** Validates, stamps and encodes one decoded record. */
  take(raw: unknown, source: ValueSource, stamp: Stamp): Taken
}

/** Keys are cached, as most requests speak of few patients many times. */
const KEY_CACHE_ENTRIES = 20_000

/**
 * @param mac keyed with the gateway's routing key: the message key tells which records belong together, not to whom
 * @param maxRecordBytes largest record, as encoded
 */
export async function feedIntake(
  contract: FeedContract,
  namespace: string,
  registry: AvroRegistry,
  mac: Mac,
  maxRecordBytes: number,
): Promise<FeedIntake> {
  const topic = topicOf(namespace, 'identified', contract.feed)
  const encoder = await registry.encoder(subjectOf(topic), identifiedSchema(contract))
  const readers: Record<ValueSource, (raw: unknown) => RecordRead> = {
    json: recordReader(contract, 'json'),
    avro: recordReader(contract, 'avro'),
  }
  const routingKey = cachedKey(mac)
  return {
    contract,
    topic,
    take(raw, source, stamp) {
      const read = readers[source](raw)
      if (!read.ok) return read
      const { record } = read
      record._producer = stamp.producer
      record._received_at = stamp.receivedAt
      const value = encoder.encode(record)
      if (value === undefined) return rejection('type')
      if (value.length > maxRecordBytes) return rejection('record-too-large')
      return { ok: true, message: { key: routingKey(stamp.producer, String(record[contract.subject])), value } }
    },
  }
}

function cachedKey(mac: Mac): (producer: string, subject: string) => string {
  const cache = new Map<string, string>()
  return (producer, subject) => {
    const name = `${producer}\u0000${subject}`
    const known = cache.get(name)
    if (known !== undefined) return known
    if (cache.size >= KEY_CACHE_ENTRIES) cache.clear()
    const key = mac.digest(name)
    cache.set(name, key)
    return key
  }
}

function rejection(rule: FaultDetail['rule']): Taken {
  return { ok: false, faults: [{ pointer: '', rule }] }
}
