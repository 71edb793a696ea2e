/**
 * Where the key is that seals the secrets of a service on its disk (`CHAINON_KEY_PROVIDER`). `file`: there is none, a secret stands in its file, for
 * its user alone. With the others a copy of the folder opens nothing.
 */
import { readFileSync } from 'node:fs'
import type { Config } from '../config/read.ts'
import { CLEAR, type SecretBox, secretBox } from '../crypto/secret-box.ts'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { provedUrl } from '../http/small-request.ts'
import { outputOf } from './providers/command.ts'
import { keyOfVault, type VaultSettings } from './providers/vault.ts'

export const PROVIDER_KEYS = [
  'CHAINON_KEY_PROVIDER',
  'CHAINON_SECRETS_KEY',
  'CHAINON_SECRETS_KEY_COMMAND',
  'CHAINON_VAULT_URL',
  'CHAINON_VAULT_CA_FILE',
  'CHAINON_VAULT_TOKEN_FILE',
  'CHAINON_VAULT_MOUNT',
  'CHAINON_VAULT_KEY',
] as const

export type ProviderConfig = Config<(typeof PROVIDER_KEYS)[number]>

/**
 * @param dir the service's own secrets folder
 * @returns what opens and seals the files of the folder
 * @throws ConfigurationError when the provider's settings are wrong, or it gives no key; ChainonError dependency-unavailable
 */
export async function openSecretBox(config: ProviderConfig, dir: string): Promise<SecretBox> {
  switch (config.CHAINON_KEY_PROVIDER) {
    case 'environment':
      return secretBox(keyOf(config.CHAINON_SECRETS_KEY, 'CHAINON_SECRETS_KEY must be'))
    case 'command': {
      if (config.CHAINON_SECRETS_KEY_COMMAND.length === 0)
        throw wrong('CHAINON_SECRETS_KEY_COMMAND belongs to CHAINON_KEY_PROVIDER=command')
      const output = await outputOf(config.CHAINON_SECRETS_KEY_COMMAND)
      return secretBox(keyOf(output.trim(), 'the program of CHAINON_SECRETS_KEY_COMMAND must print'))
    }
    case 'vault':
      return secretBox(await keyOfVault(vaultOf(config), dir))
    default:
      return CLEAR
  }
}

function keyOf(text: string, what: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw wrong(`${what} 64 hexadecimal digits`)
  return Buffer.from(text, 'hex')
}

function vaultOf(config: ProviderConfig): VaultSettings {
  const url = provedUrl(config.CHAINON_VAULT_URL)
  const { CHAINON_VAULT_CA_FILE: caFile, CHAINON_VAULT_TOKEN_FILE: tokenFile, CHAINON_VAULT_KEY: key } = config
  if (!url) throw wrong('CHAINON_VAULT_URL must be an https URL, or an http URL of this machine, without a password')
  if (tokenFile === '' || key === '')
    throw wrong('CHAINON_VAULT_TOKEN_FILE and CHAINON_VAULT_KEY belong to CHAINON_KEY_PROVIDER=vault')
  try {
    const ca = caFile === '' ? undefined : readFileSync(caFile)
    return { url, ca, tokenFile, mount: config.CHAINON_VAULT_MOUNT, key }
  } catch (error) {
    throw wrong(`CHAINON_VAULT_CA_FILE: ${caFile}: ${errorCode(error)}`)
  }
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError('The secrets cannot be opened', [problem])
}
