/** The file of API keys: `<data>/keys.json`, mode 0600, replaced as a whole. It contains hashes, never a key. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { isProducerName } from './format.ts'

export interface StoredKey {
  readonly id: string
  readonly producer: string
  readonly name: string
  /** SHA-256 of the secret, in hexadecimal. */
  readonly sha256: string
  readonly created_at: string
  readonly revoked_at?: string
}

export function keysFile(dataDir: string): string {
  return join(dataDir, 'keys.json')
}

/**
 * @returns the keys of the file, none when there is no file
 * @throws ConfigurationError when the file is damaged or unreadable
 */
export function readKeys(path: string): readonly StoredKey[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return []
    throw new ConfigurationError('The API keys cannot be read', [`${path}: ${code}`])
  }
  let keys: unknown
  try {
    keys = (JSON.parse(text) as { keys?: unknown }).keys
  } catch {
    keys = undefined
  }
  if (!Array.isArray(keys) || !keys.every(isStoredKey)) {
    throw new ConfigurationError('The API keys cannot be read', [`${path} is damaged: restore it from a backup`])
  }
  return keys
}

/** Replaces the file in one step, so that a reader sees the old keys or the new ones. */
export function writeKeys(path: string, keys: readonly StoredKey[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new ConfigurationError('The API keys cannot be written', [`${path}: ${errorCode(error)}`])
  }
}

function isStoredKey(value: unknown): value is StoredKey {
  if (typeof value !== 'object' || value === null) return false
  const key = value as Record<string, unknown>
  return (
    typeof key.id === 'string' &&
    typeof key.producer === 'string' &&
    isProducerName(key.producer) &&
    typeof key.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(key.sha256)
  )
}
