/**
 * The secret under which `deidentify` seals for the linker, who opens: a folder of its own, because two services have it. `deidentify` makes and
 * registers it; on another host the linker needs a copy. A key provider seals the copy of each host, or the one that both use when they have the same key.
 */
import { join } from 'node:path'
import type { Config } from '../config/read.ts'
import { openSecretBox, type ProviderConfig } from '../custody/key-provider.ts'
import { type KeyRegister, registeredSecret } from '../custody/registered-secret.ts'
import { ChainonError } from '../faults/errors.ts'

type Settings = ProviderConfig & Config<'CHAINON_LINKAGE_SECRETS_DIR' | 'CHAINON_DATA_DIR'>

const folderOf = (config: Settings) =>
  config.CHAINON_LINKAGE_SECRETS_DIR || join(config.CHAINON_DATA_DIR, 'secrets', 'linkage')

/** For `deidentify`. @throws as `registeredSecret` and `openSecretBox` */
export async function ownTransportSecret(config: Settings, register: KeyRegister): Promise<Buffer> {
  const folder = folderOf(config)
  return registeredSecret(folder, 'linkage/transport.key', register, await openSecretBox(config, folder))
}

/**
 * For the linker, which makes none.
 * @throws ConfigurationError when this host has no copy or another one; ChainonError dependency-unavailable before `deidentify` has made it
 */
export function sharedTransportSecret(config: Settings, read: KeyRegister['read']): Promise<Buffer> {
  return ownTransportSecret(config, {
    async read() {
      const known = await read()
      if (!known.has('linkage/transport.key'))
        throw new ChainonError('dependency-unavailable', 'deidentify has not made the key linkage/transport.key yet')
      return known
    },
    register: () => Promise.reject(new ChainonError('bug', 'the linker registers no key')),
  })
}
