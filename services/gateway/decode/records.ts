/** A body of one feed as items, in any format. */
import type { FeedContract } from '#core/contract/types.ts'
import type { RecordFormat } from '../http/media-types.ts'
import { avroRecords } from './avro.ts'
import type { Reserve } from './avro-container.ts'
import type { Decoded, Item } from './item.ts'
import { jsonRecords } from './json.ts'
import { ndjsonRecords } from './ndjson.ts'

export interface DecodeLimits {
  /** Largest body after decompression; the blocks of an Avro file count after decompression. */
  readonly maxBodyBytes: number
  readonly maxRecordBytes: number
}

/**
 * @param reserve called with the bytes that a format has in memory besides the body
 * @throws ProblemError malformed-body, body-too-large, foreign-schema, and those of `reserve`, while it is read
 */
export function* recordItems(
  format: RecordFormat,
  body: Buffer,
  contract: FeedContract,
  limits: DecodeLimits,
  reserve: Reserve,
): Generator<Item> {
  const { feed } = contract
  const source = format === 'avro' ? 'avro' : 'json'
  let index = 0
  for (const one of decoded(format, body, contract, limits, reserve)) {
    yield one.fault === undefined
      ? { kind: 'decoded', index, feed, raw: one.raw, source }
      : { kind: 'undecodable', index, feed, pointer: '', fault: one.fault, ...(one.path ? { path: one.path } : {}) }
    index++
  }
}

function decoded(
  format: RecordFormat,
  body: Buffer,
  contract: FeedContract,
  limits: DecodeLimits,
  reserve: Reserve,
): Generator<Decoded> {
  switch (format) {
    case 'json':
      return jsonRecords(body, limits.maxRecordBytes)
    case 'ndjson':
      return ndjsonRecords(body, limits.maxRecordBytes)
    case 'avro':
      return avroRecords(body, contract, limits.maxBodyBytes, reserve)
  }
}
