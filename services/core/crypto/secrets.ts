/** Secrets are files of 32 random bytes (hex) with mode 0600, created at the first start of the service that owns them. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { CLEAR, type SecretBox } from './secret-box.ts'

/**
 * @param dir the service's own secrets folder, created with mode 0700 when missing
 * @param name file name, for instance `pseudonym-level1.key`
 * @param box how it stands in the file; a file in clear text is sealed in its place
 * @returns 32 bytes
 * @throws ConfigurationError when the file is readable by others or is not a secret
 */
export function loadOrCreateSecret(dir: string, name: string, box: SecretBox = CLEAR): Buffer {
  const path = join(dir, name)
  if (!existsSync(path)) storeSecret(dir, name, randomBytes(32), box)
  const { secret, stored } = readSecret(path, name, box)
  if (box.isStale(stored)) storing(path, () => renameSync(draftOf(path, name, secret, box), path))
  return secret
}

/**
 * Of a folder of another service: the file stays as it is.
 *
 * @returns 32 bytes; undefined when there is no such file
 * @throws as `loadOrCreateSecret`
 */
export function loadSecret(dir: string, name: string, box: SecretBox): Buffer | undefined {
  const path = join(dir, name)
  return existsSync(path) ? readSecret(path, name, box).secret : undefined
}

function readSecret(path: string, name: string, box: SecretBox): { readonly secret: Buffer; readonly stored: string } {
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new ConfigurationError('A secret is not safe', [
      `${path} is readable by others: run chmod 600 on it, and check who may have read it`,
    ])
  }
  const stored = readFileSync(path, 'utf8').trim()
  const text = box.open(name, stored)
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new ConfigurationError('A secret is damaged', [
      `${path} must contain 64 hexadecimal digits: restore it from a backup`,
    ])
  return { secret: Buffer.from(text, 'hex'), stored }
}

/**
 * Where another process has stored one meanwhile, that one stays.
 *
 * @throws ConfigurationError when it cannot be written
 */
export function storeSecret(dir: string, name: string, secret: Buffer, box: SecretBox = CLEAR): void {
  const path = join(dir, name)
  storing(path, () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    chmodSync(dir, 0o700)
    // Written to a draft and linked: if two processes start at once, one creates the secret and both read it.
    const draft = draftOf(path, name, secret, box)
    try {
      linkSync(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft)
    }
  })
}

/**
 * In the place of the one that is there, whose file is gone then.
 *
 * @throws ConfigurationError when it cannot be written
 */
export function replaceSecret(dir: string, name: string, secret: Buffer, box: SecretBox): void {
  const path = join(dir, name)
  storing(path, () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    renameSync(draftOf(path, name, secret, box), path)
  })
}

function draftOf(path: string, name: string, secret: Buffer, box: SecretBox): string {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${box.seal(name, secret.toString('hex'))}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return draft
}

function storing(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw new ConfigurationError('A secret cannot be written', [`${path}: ${errorCode(error)}`])
  }
}
