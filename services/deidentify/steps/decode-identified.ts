import type { Decoder } from '#core/avro/registry.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, type Provenance, pass } from '#core/pipeline/verdict.ts'
import type { IncomingFile } from '../unseal/opener.ts'
import type { IdentifiedMessage } from './open-sealed.ts'

export interface IdentifiedRecord {
  /** Offset in the partition of `identified.<feed>`. */
  readonly origin: string
  readonly record: Readonly<Record<string, unknown>>
  readonly provenance: Provenance
  /** In the object store, sealed. */
  readonly file?: IncomingFile | undefined
}

/** Decodes the Avro of the gateway. `prepare` of the decoder must have loaded the schemas of the batch. */
export function decodeIdentified(decoder: Decoder): Step<IdentifiedMessage, IdentifiedRecord, 'undecodable'> {
  return {
    name: 'decodeIdentified',
    run: (message) => {
      const decoded = decoder.decode(message.value)
      if (!decoded) return fail('undecodable')
      const { record } = decoded
      const provenance = { producer: String(record._producer), receivedAt: Number(record._received_at) }
      return pass({ origin: message.offset, record, provenance, file: message.file })
    },
  }
}
