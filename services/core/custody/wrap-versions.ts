/**
 * The versions of the key that wraps first-level pseudonyms, as the register of fingerprints has them: made, in force, the log rewritten, retired. Each is a name that is only
 * added (ADR 26, ADR 59). Version 1 has no key: before the first rotation nothing is wrapped.
 */
import { ChainonError } from '../faults/errors.ts'
import { type SealingVersions, sealingVersions, WRAP } from './sealing-versions.ts'

export interface WrapVersions extends SealingVersions {
  /** The log is being written anew under the version in force, or that was begun: nobody else may write to it. */
  readonly rewriting: boolean
}

/** @returns the name of the secret, and with it of its file in the folder of linkage secrets, and in that of `curate` */
export function wrapKey(version: number): string {
  return `linkage/pseudonym-wrap-${version}.key`
}

export function wrapStep(version: number, step: 'in force' | 'rewritten' | 'retired'): string {
  return `${wrapKey(version)} ${step}`
}

/** Pure. @param names of the register */
export function wrapVersions(names: Iterable<string>): WrapVersions {
  const all = [...names]
  const versions = sealingVersions(WRAP, all)
  const { inForce } = versions
  return { ...versions, rewriting: inForce > 1 && !all.includes(wrapStep(inForce, 'rewritten')) }
}

/** @throws ChainonError key-rotation while the log is written anew */
export function assertMayWrite({ rewriting, inForce }: WrapVersions): void {
  if (!rewriting) return
  throw new ChainonError(
    'key-rotation',
    `the log moves to version ${inForce} of the key of first-level pseudonyms: what waits goes on when \`chainon keys rotate-first-level\` has ended; if nobody runs it, start it again`,
  )
}

/** @param held versions that this process unwraps @throws ChainonError key-rotation when it must unwrap, or wrap under, others */
export function assertWraps({ opening, inForce }: WrapVersions, held: ReadonlySet<number>): void {
  const needed = opening.filter((version) => version > 1)
  if (needed.length === held.size && needed.every((version) => held.has(version))) return
  throw new ChainonError(
    'key-rotation',
    `version ${inForce} of the key of first-level pseudonyms is in force, and this process has ${[...held].join(', ') || 'none'}: it starts again`,
  )
}
