/** The secrets of the linkage index, one for each version of it, and which index of Redis is of which (docs/adr/0065). */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import type { Config } from '#core/config/read.ts'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { indexKey } from '#core/custody/encoding-versions.ts'
import { openSecretBox, type ProviderConfig } from '#core/custody/key-provider.ts'
import { readOnlyRegister, registeredSecret } from '#core/custody/registered-secret.ts'

/**
 * @param folder of the linker's secrets
 * @param version of the index
 * @param names of the register, with their fingerprints
 * @returns 32 bytes; that of the first version is made when there is none
 * @throws ConfigurationError when that of a later version is not here, or is another one; as `loadOrCreateSecret` and `openSecretBox`
 */
export async function indexSecret(
  folder: string,
  config: ProviderConfig,
  version: number,
  names: ReadonlyMap<string, string>,
): Promise<Buffer> {
  const box = await openSecretBox(config, folder)
  if (version === 1) return loadOrCreateSecret(folder, basename(indexKey(1)), box)
  return registeredSecret(folder, indexKey(version), readOnlyRegister(names), box)
}

/** As `indexSecret`, of a version whose file is here: for what only reads an index, or keeps one of its own. */
export async function heldIndexSecret(folder: string, config: ProviderConfig, version: number): Promise<Buffer> {
  return loadOrCreateSecret(folder, basename(indexKey(version)), await openSecretBox(config, folder))
}

/** @returns the versions of which the folder has the secret, the latest first */
export function heldIndexVersions(folder: string): readonly number[] {
  const versions = namesIn(folder).flatMap((name) => {
    const [matched, number = '1'] = /^linkage-index(?:-(\d{1,5}))?\.key$/.exec(name) ?? []
    return matched === undefined ? [] : [Number(number)]
  })
  return versions.toSorted((a, b) => b - a)
}

/** @returns the name of the index in Redis */
export function indexName(config: Config<'CHAINON_NAMESPACE' | 'CHAINON_LINKAGE_INDEX'>, version: number): string {
  const name = `${config.CHAINON_NAMESPACE}${config.CHAINON_LINKAGE_INDEX}`
  return version === 1 ? name : `${name}.${version}`
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
