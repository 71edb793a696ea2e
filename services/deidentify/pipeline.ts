/** The steps of a record in the only process that sees both zones. They are in `steps/`, one file each. */
import type { Decoder, Encoder } from '#core/avro/registry.ts'
import type { MarkerFault } from '#core/contract/marker.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import { NOT_WRAPPED, type PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { type BatchPipeline, pipeline } from '#core/pipeline/pipeline.ts'
import type { Envelope } from '#core/pipeline/zones.ts'
import { shiftReader } from '#core/policies/shift.ts'
import type { SealTokens } from '#core/sealing/tokens.ts'
import type { CircuitWatch } from './external/hashed/watch.ts'
import type { EncodeIdentity } from './linkage/encode-identity.ts'
import type { FileKeeper } from './objects/file-keeper.ts'
import { checkIdentifiedRules } from './steps/check-identified-rules.ts'
import { compareNumbers } from './steps/compare-numbers.ts'
import { decodeIdentified } from './steps/decode-identified.ts'
import { encodePseudonymised, type PseudonymisedMessage } from './steps/encode-pseudonymised.ts'
import { encodeTraits } from './steps/encode-traits.ts'
import { guardValues } from './steps/guard-values.ts'
import { keepFiles } from './steps/keep-files.ts'
import { openSealed, type SealedMessage } from './steps/open-sealed.ts'
import { removeIdentity } from './steps/remove-identity.ts'
import { scrubTexts } from './steps/scrub-texts.ts'
import type { Resources } from './text/engine.ts'
import { patientKeys } from './text/surrogates/patient-keys.ts'
import type { Language } from './text/types.ts'

export interface DeidentifyDependencies {
  readonly contract: FeedContract
  readonly decoder: Decoder
  readonly encoder: Encoder
  readonly pseudonymiser: Pseudonymiser
  /** Of the pseudonyms that are written to the log; none before the first rotation. */
  readonly wrap?: PseudonymWrap
  readonly tokenSecret: Buffer
  readonly sealTokens: SealTokens
  /** For a linked feed: seals what the linker compares. */
  readonly encodeIdentity?: EncodeIdentity
  /** Keeps the files of records; undefined where no object store is configured. */
  readonly files?: FileKeeper
  /** Circuits of hashed identifiers that are open; undefined where there can be none. */
  readonly circuits?: Pick<CircuitWatch, 'isOpen' | 'compare'>
  /** Lexicon and model of a language, for texts. */
  readonly textResources: (language: Language) => Resources
}

/** Nothing is dropped: an origin without a message would be a gap for `curate`. */
export type DeidentifyPipeline = BatchPipeline<
  SealedMessage,
  Envelope<'pseudonymised', PseudonymisedMessage>,
  MarkerFault,
  'quarantined'
>

/** @returns the pipeline of one feed; its only state is the caches of its dependencies */
export function deidentifyPipeline(dependencies: DeidentifyDependencies): DeidentifyPipeline {
  return pipeline<SealedMessage>()
    .step(openSealed(), { undecodable: 'quarantined', 'key-shredded': 'quarantined', 'seal-broken': 'quarantined' })
    .step(decodeIdentified(dependencies.decoder), { undecodable: 'quarantined' })
    .step(checkIdentifiedRules(dependencies.contract), { 'rule-rejected': 'quarantined' })
    .step(guardValues(dependencies.contract), { guard: 'quarantined' })
    .longStep(
      scrubTexts(dependencies.contract, dependencies.textResources, {
        shiftDays: dependencies.contract.shift && shiftReader(dependencies.contract, dependencies.pseudonymiser),
        key: patientKeys(dependencies.contract, dependencies.pseudonymiser),
      }),
      { 'rule-rejected': 'quarantined' },
    )
    .batchStep(keepFiles(dependencies.files))
    .batchStep(compareNumbers(dependencies.contract, dependencies.pseudonymiser, dependencies.circuits))
    .step(encodeTraits(dependencies.encodeIdentity))
    .step(
      removeIdentity(
        dependencies.contract,
        dependencies.pseudonymiser,
        dependencies.tokenSecret,
        dependencies.sealTokens,
        dependencies.wrap ?? NOT_WRAPPED,
      ),
    )
    .step(encodePseudonymised(dependencies.encoder), { unencodable: 'quarantined' })
    .isolate('quarantined')
    .buildBatch()
}
