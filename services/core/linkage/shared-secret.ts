/**
 * The secret under which `deidentify` seals for the linker, who opens: a folder of its own, because two services have it. `deidentify` makes and
 * registers it; on another host the linker needs a copy.
 */
import { join } from 'node:path'
import type { Config } from '../config/read.ts'
import { type KeyRegister, registeredSecret } from '../custody/registered-secret.ts'
import { ChainonError } from '../faults/errors.ts'

type Folders = Config<'CHAINON_LINKAGE_SECRETS_DIR' | 'CHAINON_DATA_DIR'>

const folderOf = (config: Folders) =>
  config.CHAINON_LINKAGE_SECRETS_DIR || join(config.CHAINON_DATA_DIR, 'secrets', 'linkage')

/** For `deidentify`. @throws as `registeredSecret` */
export function ownTransportSecret(config: Folders, register: KeyRegister): Promise<Buffer> {
  return registeredSecret(folderOf(config), 'linkage/transport.key', register)
}

/**
 * For the linker, which makes none.
 * @throws ConfigurationError when this host has no copy or another one; ChainonError dependency-unavailable before `deidentify` has made it
 */
export function sharedTransportSecret(config: Folders, read: KeyRegister['read']): Promise<Buffer> {
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
