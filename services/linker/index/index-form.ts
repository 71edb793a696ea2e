/** The form of the installation's index: the linker makes it so, and who only reads it expects it so. */
import { createHash } from 'node:crypto'
import type { Model } from '#core/linkage/model.ts'
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import type { IndexKeys } from './keys.ts'
import type { IndexForm } from './stored-index.ts'

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
