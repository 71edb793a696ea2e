import type { Decoder } from '#core/avro/registry.ts'
import { pseudonymFields } from '#core/contract/avro-schemas.ts'
import { isMarker, type MarkerFault, readMarker } from '#core/contract/marker.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { HEADER_MARKER, headerText } from '#core/kafka/headers.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, type Provenance, pass } from '#core/pipeline/verdict.ts'
import type { TokenOpener } from '#core/sealing/tokens.ts'
import type { OriginMessage } from '../load/order.ts'

export interface DecodedRecord {
  readonly origin: bigint
  /** With pseudonyms as they were made; of a linked feed with `_tokens`, opened. */
  readonly record: Readonly<Record<string, unknown>>
  readonly provenance: Provenance
}

/**
 * Decodes a record, unwraps its pseudonyms and opens its linkage tokens, or decodes the marker of a record that `deidentify` quarantined. `prepareBatch` must have seen
 * the batch.
 *
 * @param tokens of a linked feed
 */
export function decodeMessage(
  contract: FeedContract,
  decoder: Decoder,
  wrap: Pick<PseudonymWrap, 'unwrap'>,
  tokens: Pick<TokenOpener, 'open'> | undefined,
): Step<OriginMessage, DecodedRecord, MarkerFault> {
  const { feed } = contract
  const columns = pseudonymFields(contract)
  return {
    name: 'decodeMessage',
    run: ({ message, origin }) => {
      const decoded = decoder.decode(message.value)
      const marked = headerText(message.headers, HEADER_MARKER) !== undefined
      // A record with the header of a marker, or a marker without it, was not written by deidentify.
      const readable = decoded && marked === isMarker(decoded.name) ? decoded.record : undefined
      const unreadable = { producer: '', receivedAt: Number(message.timestamp) * 1000 }
      if (!readable) return fail('undecodable', unreadable)
      if (marked) return readMarker(readable) ?? fail('undecodable', unreadable)
      const provenance = { producer: String(readable._producer), receivedAt: Number(readable._received_at) }
      for (const { column } of columns) {
        const stored = readable[column]
        if (typeof stored !== 'string') continue
        const pseudonym = wrap.unwrap(stored)
        if (pseudonym === undefined) return fail('seal-broken', provenance)
        readable[column] = pseudonym
      }
      if (!tokens) return pass({ origin, record: readable, provenance })
      const opened = tokens.open(readable._sealed_tokens, { feed, recordId: String(readable.record_id) })
      if (!opened) return fail('seal-broken', provenance)
      return pass({ origin, record: { ...readable, _tokens: opened }, provenance })
    },
  }
}
