/**
 * The versions of a key that seals, as a register of fingerprints has them: a version is made (its fingerprint), comes into force for sealing, goes on to open,
 * and may be retired, when nothing that was sealed under it exists. Nothing of the register is ever changed.
 */

/** The secret under which `deidentify` seals for the linker. */
export const TRANSPORT = 'linkage/transport'
/** The secret for whose public half `deidentify` seals linkage tokens. */
export const TOKENS = 'curate/linkage-tokens'
/** The secret that wraps first-level pseudonyms; of version 1 there is none (wrap-versions.ts). */
export const WRAP = 'linkage/pseudonym-wrap'
/** The secret that leads encodings to another version (encoding-versions.ts); of version 1 there is none. */
export const ENCODING = 'linkage/encoding-wrap'
export type SealingKey = typeof TRANSPORT | typeof TOKENS

export interface SealingVersions {
  /** Under which is sealed; 1 before the first rotation. */
  readonly inForce: number
  /** That may have to be opened, in their order: those that were or are in force, and are not retired. */
  readonly opening: readonly number[]
  /** Of which no host has the file any more: nothing is sealed under them, or they were given up before. */
  readonly retired: readonly number[]
  /** Made, and not in force yet. */
  readonly prepared: number | undefined
  /** The version that is made next; none is used twice. */
  readonly next: number
}

/** @returns the name of the secret, and with it of its file */
export function sealingKey(key: SealingKey, version: number): string {
  if (version === 1) return key === TRANSPORT ? 'linkage/transport.key' : 'curate/linkage-tokens.key'
  return key === TRANSPORT ? `linkage/transport-${version}.key` : `curate/linkage-tokens-${version}.key`
}

/** @returns the name in the register of a step of a version; a version that is retired before it was in force is given up */
export function sealingStep(key: SealingKey, version: number, step: 'in force' | 'retired'): string {
  return `${sealingKey(key, version)} ${step}`
}

/** A message has 16 bits for it. */
const HIGHEST = 65_535

/** Pure. @param names of the register */
export function sealingVersions(
  key: SealingKey | typeof WRAP | typeof ENCODING,
  names: Iterable<string>,
): SealingVersions {
  const form = new RegExp(`^${key}(?:-(\\d{1,5}))?\\.key(?: (in force|retired))?$`)
  const [made, used, ended] = [new Set([1]), new Set([1]), new Set<number>()]
  for (const name of names) {
    const [matched, number = '1', step] = form.exec(name) ?? []
    const version = Number(number)
    if (matched === undefined || version < 1 || version > HIGHEST) continue
    made.add(version)
    if (step === 'in force') used.add(version)
    if (step === 'retired') ended.add(version)
  }
  const inForce = Math.max(...used)
  const sorted = [...made].toSorted((a, b) => a - b)
  // The one in force is never retired, whatever the register says.
  const isRetired = (version: number) => ended.has(version) && version !== inForce
  return {
    inForce,
    opening: sorted.filter((version) => used.has(version) && !isRetired(version)),
    retired: sorted.filter(isRetired),
    prepared: sorted.findLast((version) => version > inForce && !isRetired(version)),
    next: Math.max(...made) + 1,
  }
}
