import type { Step } from '#core/pipeline/step.ts'
import { pass } from '#core/pipeline/verdict.ts'
import type { EncodeIdentity } from '../linkage/encode-identity.ts'
import type { KeptRecord } from './keep-files.ts'

export interface TraitsEncoded extends KeptRecord {
  /** The sealed message of `linkage.<feed>`; undefined for a feed that is not linked. */
  readonly linkage: Buffer | undefined
}

/** Encodes the identity for the linker while the record still has one. @param encode undefined for a feed that is not linked */
export function encodeTraits(encode: EncodeIdentity | undefined): Step<KeptRecord, TraitsEncoded> {
  return {
    name: 'encodeTraits',
    run: (kept) => {
      const { record, provenance, origin } = kept
      const linkage = encode?.(record, provenance.producer, provenance.receivedAt, origin)
      return pass({ ...kept, linkage })
    },
  }
}
