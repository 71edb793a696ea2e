/** Environment variables of the key provider: what seals the secrets of a service on its disk. */
import type { KeyTable } from './key-spec.ts'

export const KEY_PROVIDER = {
  CHAINON_KEY_PROVIDER: {
    type: 'string',
    default: 'file',
    oneOf: ['file', 'environment', 'command', 'vault'],
    description:
      'Where the key is that seals the files of secrets: `file`: nowhere, they are in clear text, for their user alone',
  },
  CHAINON_SECRETS_KEY: {
    type: 'string',
    default: '',
    secret: true,
    description: 'With `environment`: the key, 64 hexadecimal digits',
  },
  CHAINON_SECRETS_KEY_COMMAND: {
    type: 'list',
    default: '',
    description:
      'With `command`: a program and its arguments, comma-separated; it prints the key as 64 hexadecimal digits, within a minute',
  },
  CHAINON_VAULT_URL: {
    type: 'string',
    default: '',
    description: 'With `vault`: address of HashiCorp Vault or OpenBao, https (http on this machine)',
  },
  CHAINON_VAULT_CA_FILE: {
    type: 'string',
    default: '',
    description: 'PEM file of the authority of its certificate; empty: those that Node trusts',
  },
  CHAINON_VAULT_TOKEN_FILE: {
    type: 'string',
    default: '',
    description: 'File with the token, as an agent writes it; read at each start',
  },
  CHAINON_VAULT_MOUNT: { type: 'string', default: 'transit', description: 'Path of the transit engine' },
  CHAINON_VAULT_KEY: {
    type: 'string',
    default: '',
    description: "Key of the engine that wraps the service's key; another one for each service",
  },
} as const satisfies KeyTable
