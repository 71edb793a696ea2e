/** Secrets are files of 32 random bytes (hex) with mode 0600, created at the first start of the service that owns them. */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'

/**
 * @param dir the service's own secrets folder, created with mode 0700 when missing
 * @param name file name, for instance `pseudonym-level1.key`
 * @returns 32 bytes
 * @throws ConfigurationError when the file is readable by others or is not a secret
 */
export function loadOrCreateSecret(dir: string, name: string): Buffer {
  const path = join(dir, name)
  if (!existsSync(path)) storeSecret(dir, name, randomBytes(32))
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new ConfigurationError('A secret is not safe', [
      `${path} is readable by others: run chmod 600 on it, and check who may have read it`,
    ])
  }
  const text = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new ConfigurationError('A secret is damaged', [
      `${path} must contain 64 hexadecimal digits: restore it from a backup`,
    ])
  return Buffer.from(text, 'hex')
}

/**
 * Where another process has stored one meanwhile, that one stays.
 *
 * @throws ConfigurationError when it cannot be written
 */
export function storeSecret(dir: string, name: string, secret: Buffer): void {
  const path = join(dir, name)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    chmodSync(dir, 0o700)
    // Written to a draft and linked: if two processes start at once, one creates the secret and both read it.
    const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
    writeFileSync(draft, `${secret.toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
    try {
      linkSync(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft)
    }
  } catch (error) {
    throw new ConfigurationError('A secret cannot be written', [`${path}: ${errorCode(error)}`])
  }
}
