import { pseudonymFields } from '#core/contract/avro-schemas.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import { NOT_WRAPPED, type PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import type { Step } from '#core/pipeline/step.ts'
import { type Provenance, pass } from '#core/pipeline/verdict.ts'
import { type Envelope, mintPseudonymised } from '#core/pipeline/zones.ts'
import { policies } from '#core/policies/apply-policies.ts'
import type { SealTokens } from '#core/sealing/tokens.ts'
import { tokeniser } from '../linkage/tokenise.ts'
import type { FileState } from '../objects/file-keeper.ts'
import type { TraitsEncoded } from './encode-traits.ts'
import type { WithheldValue } from './guard-values.ts'
import type { TextReport } from './scrub-texts.ts'

export interface PseudonymisedRecord {
  /** Offset in the partition of `identified.<feed>`. */
  readonly origin: string
  readonly record: Readonly<Record<string, unknown>>
  readonly provenance: Provenance
  /** Values of kept fields that were replaced by null. */
  readonly withheld: readonly WithheldValue[]
  readonly report: TextReport
  /** Sealed; see `encodeTraits`. */
  readonly linkage: Buffer | undefined
  /** What became of the file of the record; undefined when it had none. */
  readonly fileState: FileState | undefined
}

/** Builds a new record, field by field, by the contract's policies; makes linkage tokens of identity traits, and seals them. */
export function removeIdentity(
  contract: FeedContract,
  pseudonymiser: Pseudonymiser,
  tokenSecret: Buffer,
  sealTokens: SealTokens,
  wrap: PseudonymWrap = NOT_WRAPPED,
): Step<TraitsEncoded, Envelope<'pseudonymised', PseudonymisedRecord>> {
  const apply = policies(contract, pseudonymiser)
  const tokenise = tokeniser(contract, tokenSecret)
  const columns = pseudonymFields(contract)
  return {
    name: 'removeIdentity',
    run: ({ origin, record, provenance, outcomes, withheld, texts, report, linkage, kept }) => {
      const out = apply(record, provenance.producer, { withheld, texts })
      out._producer = provenance.producer
      out._received_at = provenance.receivedAt
      out._rule_outcomes = outcomes
      if (contract.objects) {
        out._object = kept?.name ?? null
        out._object_bytes = kept?.bytes ?? null
        out._object_sha256 = kept?.sha256 ?? null
        out._object_state = kept?.state ?? null
      }
      if (contract.linked)
        out._sealed_tokens = sealTokens(tokenise(record, provenance.producer), {
          feed: contract.feed,
          recordId: String(out.record_id),
        })
      // Last: tokens are bound to the pseudonym as it was made, under whatever version of the wrap both are.
      for (const { column } of columns) {
        const pseudonym = out[column]
        if (typeof pseudonym === 'string') out[column] = wrap.wrap(pseudonym)
      }
      return pass(
        mintPseudonymised({ origin, record: out, provenance, withheld, report, linkage, fileState: kept?.state }),
      )
    },
  }
}
