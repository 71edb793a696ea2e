/** The form of the installation's index: the linker makes it so, and who only reads it expects it so. */
import { createHash } from 'node:crypto'
import type { Model } from '#core/linkage/model.ts'
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import type { IndexKeys } from './keys.ts'
import type { IndexForm } from './link-index.ts'

/** @param form 8 bytes that name the form of the encodings @param bits of a token that choose its bucket */
export function indexForm(of: {
  readonly form: Buffer
  readonly model: Model
  readonly keys: Pick<IndexKeys, 'fingerprint'>
  readonly bits: number
}): IndexForm {
  const model = createHash('sha256').update(JSON.stringify(of.model)).digest('hex').slice(0, 16)
  return { layout: of.form.toString('hex'), key: of.keys.fingerprint, model, bits: of.bits, hub: DEFAULT_LIMITS.hub }
}
