import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { EncodeIdentity } from '../linkage/encode-identity.ts'
import type { ScrubbedRecord } from './scrub-texts.ts'

export interface TraitsEncoded extends ScrubbedRecord {
  /** The sealed message of `linkage.<feed>`; undefined for a feed that is not linked. */
  readonly linkage: Buffer | undefined
}

/** Encodes the identity for the linker while the record still has one. @param encode undefined for a feed that is not linked */
export function encodeTraits(encode: EncodeIdentity | undefined): Step<ScrubbedRecord, TraitsEncoded> {
  return {
    name: 'encodeTraits',
    run: (scrubbed) => {
      const { record, provenance, origin } = scrubbed
      const linkage = encode?.(record, provenance.producer, provenance.receivedAt, origin)
      return pass({ ...scrubbed, linkage })
    },
  }
}
