/**
 * The keys that wrap first-level pseudonyms and linkage tokens on a host: `deidentify` and the linker have them in their folder of linkage secrets, `curate` in its own. The command of the
 * rotation makes them; a service makes none, and does not start without those that are in use.
 */
import { join } from 'node:path'
import type { Config } from '../config/read.ts'
import { type PseudonymWrap, pseudonymWrap } from '../crypto/pseudonym-wrap.ts'
import type { SecretBox } from '../crypto/secret-box.ts'
import { type TokenWrap, tokenWrap } from '../crypto/token-wrap.ts'
import { ChainonError } from '../faults/errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { destroyRetiredFiles } from './destroy-retired.ts'
import { type KeyRegister, registeredSecret } from './registered-secret.ts'
import { assertMayWrite, wrapKey, wrapVersions } from './wrap-versions.ts'

export interface WrapPlace {
  readonly folder: string
  readonly box: SecretBox
}

/** A wrap with the versions that it can unwrap, from 2 on. */
export interface HeldWrap {
  readonly wrap: PseudonymWrap
  /** Of linkage tokens, under the same keys. */
  readonly tokens: TokenWrap
  readonly held: ReadonlySet<number>
}

/** @returns the folder of the secrets that `deidentify` and the linker share */
export function linkageFolder(config: Config<'CHAINON_LINKAGE_SECRETS_DIR' | 'CHAINON_DATA_DIR'>): string {
  return config.CHAINON_LINKAGE_SECRETS_DIR || join(config.CHAINON_DATA_DIR, 'secrets', 'linkage')
}

/**
 * @param names of the register, with their fingerprints
 * @throws ConfigurationError when a key that is in use is not here, or is another one
 */
export async function openWrap({ folder, box }: WrapPlace, names: ReadonlyMap<string, string>): Promise<HeldWrap> {
  const { inForce, opening } = wrapVersions(names.keys())
  const keys = new Map<number, Buffer>()
  for (const version of opening.filter((one) => one > 1))
    keys.set(version, await registeredSecret(folder, wrapKey(version), readOnly(names), box))
  return { wrap: pseudonymWrap(inForce, keys), tokens: tokenWrap(inForce, keys), held: new Set(keys.keys()) }
}

/** For who writes pseudonyms to the log. @throws as `openWrap`; ChainonError key-rotation while the log is written anew */
export async function openWritingWrap(place: WrapPlace, names: ReadonlyMap<string, string>): Promise<HeldWrap> {
  assertMayWrite(wrapVersions(names.keys()))
  return await openWrap(place, names)
}

/** Destroys what this host has of retired versions; see `destroyRetiredFiles`. @returns their names */
export function destroyRetiredWraps(
  folder: string,
  names: ReadonlyMap<string, string>,
  logger: Logger,
): readonly string[] {
  return destroyRetiredFiles(folder, wrapVersions(names.keys()).retired.map(wrapKey), logger)
}

function readOnly(names: ReadonlyMap<string, string>): KeyRegister {
  return {
    read: async () => names,
    register: () => Promise.reject(new ChainonError('bug', 'a service makes no key of a wrap')),
  }
}
