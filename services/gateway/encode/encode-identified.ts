import type { Encoder } from '#core/avro/registry.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Mac } from '#core/crypto/hmac.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import type { DataKey } from '../seal/sealer.ts'
import type { ContractRecord } from './read-record.ts'

/** An encoded record that is not sealed yet. */
export interface EncodedRecord {
  readonly key: string
  readonly value: Buffer
  /** Keyed hash of producer, feed and record id, 48 bits. */
  readonly recordHash: number
  readonly dataKey: DataKey
  readonly file?: Buffer | undefined
}

/** Keys are cached, because most requests have many records of few patients. */
const KEY_CACHE_ENTRIES = 20_000

/**
 * Adds the producer and the time of receipt, and encodes the record as Avro. The message key is a keyed hash of producer and patient:
 * it shows which records belong together, and not whose they are.
 *
 * @param routing keyed with the gateway's routing key
 * @param maxRecordBytes largest record, as encoded
 */
export function encodeIdentified(
  contract: FeedContract,
  encoder: Encoder,
  routing: Mac,
  maxRecordBytes: number,
): Step<ContractRecord, EncodedRecord, 'unencodable' | 'record-too-large'> {
  const routingKey = cachedKey(routing)
  const hashOf = recordHasher(contract, routing)
  return {
    name: 'encodeIdentified',
    run: ({ record, provenance, dataKey, file }) => {
      record._producer = provenance.producer
      record._received_at = provenance.receivedAt
      const value = encoder.encode(record)
      if (value === undefined) return fail('unencodable', provenance)
      if (value.length > maxRecordBytes) return fail('record-too-large', provenance)
      return pass({
        key: routingKey(provenance.producer, String(record[contract.subject])),
        value,
        dataKey,
        file,
        recordHash: hashOf(provenance.producer, contract.key.map((name) => String(record[name])).join('\u0000')),
      })
    },
  }
}

const HASH_BYTES = 6

/**
 * The name of a record in a receipt: what a producer calls its records may identify a person, so it is not stored.
 *
 * @returns a function of producer and record id
 */
export function recordHasher({ feed }: FeedContract, routing: Mac): (producer: string, recordId: string) => number {
  // A routing key is of a text that begins with a producer: none has an empty name.
  return (producer, recordId) =>
    routing.bytes(`\u0000${producer}\u0000${feed}\u0000${recordId}`).readUIntBE(0, HASH_BYTES)
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
