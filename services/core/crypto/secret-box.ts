/** Seals files of secrets under a key that is not on the same disk. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ConfigurationError } from '../faults/errors.ts'

const PREFIX = 'chainon-sealed-1:'
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const SECRETS_KEY_BYTES = 32

/** How a text of a secret stands in its file. */
export interface SecretBox {
  /** @param name of the file */
  seal(name: string, text: string): string
  /** @throws ConfigurationError when it is sealed in another way, was changed, or belongs to another file */
  open(name: string, stored: string): string
  /** Whether a file of that content is to be sealed anew: it was written before there was a key. */
  isStale(stored: string): boolean
}

/** Files in clear text, for their user alone. */
export const CLEAR: SecretBox = {
  seal: (_, text) => text,
  open(name, stored) {
    if (!isSealed(stored)) return stored
    throw unreadable(`${name} is sealed: set CHAINON_KEY_PROVIDER to what has sealed it`)
  },
  isStale: () => false,
}

/**
 * AES-256-GCM with a random nonce: secrets are written some times in the life of an installation.
 *
 * @param key 32 bytes
 */
export function secretBox(key: Buffer): SecretBox {
  if (key.length !== SECRETS_KEY_BYTES) throw new RangeError(`a key of ${key.length} bytes`)
  return {
    isStale: (stored) => !isSealed(stored),
    seal(name, text) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(placeOf(name))
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${PREFIX}${sealed.toString('base64')}`
    },
    open(name, stored) {
      if (!isSealed(stored)) return stored
      const bytes = Buffer.from(stored.slice(PREFIX.length), 'base64')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        })
        decipher.setAAD(placeOf(name)).setAuthTag(bytes.subarray(-TAG_BYTES))
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString(
          'utf8',
        )
      } catch {
        throw unreadable(`${name} was sealed with another key, or was changed, or is another file: restore it`)
      }
    },
  }
}

/** So that a sealed file cannot be put in the place of another one. */
function placeOf(name: string): Buffer {
  return Buffer.from(`chainon/secret-file\n${name}`)
}

function isSealed(stored: string): boolean {
  return stored.startsWith(PREFIX)
}

function unreadable(problem: string): ConfigurationError {
  return new ConfigurationError('A secret cannot be read', [problem])
}
