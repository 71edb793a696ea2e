/** The form of the installation's index: the linker makes it so, and who only reads it expects it so. */
import { createHash } from 'node:crypto'
import type { Config } from '#core/config/read.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { defaultModel } from '#core/linkage/default-model.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import type { Layout } from '#core/linkage/layout.ts'
import type { Model } from '#core/linkage/model.ts'
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import type { TokenKind } from '#core/linkage/tokens.ts'
import { readModel } from '../link/model-file.ts'
import type { IndexKeys } from './keys.ts'
import type { IndexForm } from './stored-index.ts'

/** Only the layout and the kinds of tokens are used: the linker encodes nothing, and has no key of encodings. */
const NO_SECRET = Buffer.alloc(32)

/** What the encodings and weights of an installation depend on. */
export interface LinkageForm {
  readonly layout: Layout
  readonly kinds: readonly TokenKind[]
  /** 8 bytes that name the form of the encodings. */
  readonly form: Buffer
  readonly model: Model
}

/** @throws ConfigurationError when the model cannot be read */
export function linkageForm(config: Config<'CHAINON_LINKAGE_MODEL'>, contracts: readonly FeedContract[]): LinkageForm {
  const model = config.CHAINON_LINKAGE_MODEL === '' ? defaultModel() : readModel(config.CHAINON_LINKAGE_MODEL)
  const { layout, kinds } = recordEncoder(installationTraits(contracts), NO_SECRET)
  return { layout, kinds, form: formOf({ layout, kinds }), model }
}

/** @param form 8 bytes that name the form of the encodings @param kinds of tokens of an encoding */
export function indexForm(of: {
  readonly form: Buffer
  readonly model: Model
  readonly keys: Pick<IndexKeys, 'fingerprint'>
  readonly kinds: number
}): IndexForm {
  const model = createHash('sha256').update(JSON.stringify(of.model)).digest('hex').slice(0, 16)
  // One more is of the patient number.
  const kinds = of.kinds + 1
  return { layout: of.form.toString('hex'), key: of.keys.fingerprint, model, kinds, hub: DEFAULT_LIMITS.hub }
}
