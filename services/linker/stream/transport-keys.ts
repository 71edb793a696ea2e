import { type SealingVersions, sealingKey, TRANSPORT } from '#core/custody/sealing-versions.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { versionOf } from '#core/linkage/seal.ts'

/**
 * Tells a message of a key that came into force since this process began from one that was forged: the first must wait, the second is refused where it is opened.
 *
 * @param held versions that this process opens
 * @param now what the register has
 * @returns throws ChainonError key-rotation when one of these values is sealed under a version that this process lacks; dependency-unavailable
 */
export function assertOpenable(
  held: ReadonlySet<number>,
  now: () => Promise<Pick<SealingVersions, 'opening'>>,
): (values: readonly (Buffer | null)[]) => Promise<void> {
  return async (values) => {
    const others = new Set(values.map((value) => value && versionOf(value)).filter((one) => one && !held.has(one)))
    if (others.size === 0) return
    const { opening } = await now()
    const lacking = opening.find((version) => others.has(version))
    if (lacking !== undefined)
      throw new ChainonError(
        'key-rotation',
        `encodings are sealed under ${sealingKey(TRANSPORT, lacking)}: the linker starts again`,
      )
  }
}

/** @throws ChainonError key-rotation when what may have to be opened is no longer what this process holds */
export function assertHeld(held: ReadonlySet<number>, { opening }: Pick<SealingVersions, 'opening'>): void {
  if (opening.length !== held.size || !opening.every((version) => held.has(version)))
    throw new ChainonError(
      'key-rotation',
      `versions ${opening.join(', ')} of the key of encodings are in use, and this process has ${[...held].join(', ')}: it starts again`,
    )
}
