/**
 * The versions of encodings and of the linkage index, which move together (ADR 65), as the register of fingerprints has them: made, moving, in force. Each is a
 * name that is only added. Version 1 is that of `linkage-encoding.key` and `linkage-index.key` alone.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ChainonError } from '../faults/errors.ts'
import { readOnlyRegister, registeredSecret } from './registered-secret.ts'
import { ENCODING, type SealingVersions, sealingVersions } from './sealing-versions.ts'
import type { WrapPlace } from './wrap-keys.ts'

export interface EncodingVersions extends Pick<SealingVersions, 'inForce' | 'prepared' | 'next'> {
  /** Those after the first that are or were in force: an encoding of the first version is led through all of them, in this order. */
  readonly chain: readonly number[]
  /** The index moves to the prepared version: nobody writes to it. */
  readonly moving: boolean
  /** Versions of which index and index key are gone. */
  readonly retired: ReadonlySet<number>
}

/** @returns the name of the secret, and with it of its file in the folder of linkage secrets; from version 2 on */
export function encodingKey(version: number): string {
  return `linkage/encoding-wrap-${version}.key`
}

/** @returns the name in the register of a step of a version; `given up`: before it was in force */
export function encodingStep(version: number, step: 'moving' | 'in force' | 'given up'): string {
  // Of keys that seal, too, one that is retired before it was in force is given up.
  return `${encodingKey(version)} ${step === 'given up' ? 'retired' : step}`
}

/** @returns the name of the secret of the index, and with it of its file in the folder of the linker */
export function indexKey(version: number): string {
  return version === 1 ? 'linker/linkage-index.key' : `linker/linkage-index-${version}.key`
}

export function indexRetired(version: number): string {
  return `${indexKey(version)} retired`
}

/** Pure. @param names of the register */
export function encodingVersions(names: Iterable<string>): EncodingVersions {
  const all = new Set(names)
  const { inForce, prepared, next } = sealingVersions(ENCODING, all)
  const versions = Array.from({ length: inForce }, (_, at) => at + 1)
  return {
    inForce,
    prepared,
    next,
    chain: versions.filter((version) => version > 1 && all.has(encodingStep(version, 'in force'))),
    moving: prepared !== undefined && all.has(encodingStep(prepared, 'moving')),
    // That of the one in force is never gone, whatever the register says.
    retired: new Set(versions.filter((version) => version < inForce && all.has(indexRetired(version)))),
  }
}

/** @returns the version before, from which encodings and index were led to this one */
export function versionBefore({ chain }: Pick<EncodingVersions, 'chain'>, version: number): number {
  return chain.findLast((one) => one < version) ?? 1
}

/** For who writes to the index. @throws ChainonError key-rotation while it moves */
export function assertNotMoving({ moving, prepared }: EncodingVersions): void {
  if (!moving) return
  throw new ChainonError(
    'key-rotation',
    `the linkage index moves to version ${prepared} of its keys: what waits goes on when \`chainon keys rotate-encodings\` has ended; if nobody runs it, start it again`,
  )
}

/** @param held version of this process @throws ChainonError key-rotation when another one is in force */
export function assertEncodes({ inForce }: EncodingVersions, held: number): void {
  if (inForce === held) return
  throw new ChainonError(
    'key-rotation',
    `version ${inForce} of encodings is in force, and this process has ${held}: it starts again`,
  )
}

/**
 * @param names of the register, with their fingerprints
 * @returns the secret of each step, by the version that it leads to
 * @throws ConfigurationError when one is not here, or is another one
 */
export async function encodingSecrets(
  { folder, box }: WrapPlace,
  names: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<number, Buffer>> {
  const secrets = new Map<number, Buffer>()
  for (const version of encodingVersions(names.keys()).chain)
    secrets.set(version, await registeredSecret(folder, encodingKey(version), readOnlyRegister(names), box))
  return secrets
}

/** @returns the file of a key in a folder; undefined where there is none */
export function fileOfKey(folder: string, name: string): string | undefined {
  const path = join(folder, basename(name))
  return existsSync(path) ? path : undefined
}
