/** The file of API keys: `<data>/keys.json`, mode 0600, replaced as a whole. It contains hashes, never a key. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Type from 'typebox'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { complete } from '../schema/complete.ts'
import type { Written } from '../schema/written.ts'
import { KEY_ID, PRODUCER } from './format.ts'
import { ALL_SCOPES, SCOPE } from './scopes.ts'

const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' })
const Key = Type.Object({
  /** Absent for an API key. */
  kind: Type.Optional(Type.Literal('certificate')),
  id: Type.String({ pattern: KEY_ID.source }),
  producer: Type.String({ pattern: PRODUCER.source }),
  name: Type.String(),
  /** SHA-256 of the secret, or of the certificate in DER, in hexadecimal. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  created_at: Time,
  /** Absent in keys of version 0.1, which may do everything. */
  scopes: Type.Optional(Type.Array(Type.String({ pattern: SCOPE.source }))),
  /** The first moment at which the key is no longer in force. */
  expires_at: Type.Optional(Time),
  /** Id of the key that a rotation made in its place. */
  replaced_by: Type.Optional(Type.String({ pattern: KEY_ID.source })),
  /** As in the file of revocations: a key is revoked when either says so. */
  revoked_at: Type.Optional(Time),
})
const Keys = Type.Object({ keys: Type.Array(Key) })

export type StoredKey = Written<typeof Key>

export function keysFile(dataDir: string): string {
  return join(dataDir, 'keys.json')
}

/**
 * @returns the keys of the file, none when there is no file
 * @throws ConfigurationError when the file is damaged or unreadable, or can be written by others
 */
export function readKeys(path: string): readonly StoredKey[] {
  let text: string
  try {
    // Whoever can write this file can give himself a key.
    if ((statSync(path).mode & 0o022) !== 0) throw unreadable(`${path} can be written by others: run chmod 600 on it`)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const code = errorCode(error)
    if (code === 'ENOENT') return []
    throw unreadable(`${path}: ${code}`)
  }
  const keys = complete(Keys, parse(text))?.keys
  if (!keys || new Set(keys.map(({ id }) => id)).size < keys.length)
    throw unreadable(`${path} is damaged: restore it from a backup; what was revoked since stays revoked`)
  return keys
}

/** Replaces the file in one step, so that a reader sees the old keys or the new ones. */
export function writeKeys(path: string, keys: readonly StoredKey[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(draft, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new ConfigurationError('The API keys cannot be written', [`${path}: ${errorCode(error)}`])
  }
}

/** @returns the scopes of a key; a key of version 0.1 has all */
export function scopesOf({ scopes }: Pick<StoredKey, 'scopes'>): readonly string[] {
  return scopes ?? ALL_SCOPES
}

/** A time that cannot be read counts as over. @param now milliseconds since 1970 */
export function isExpired({ expires_at: at }: Pick<StoredKey, 'expires_at'>, now: number): boolean {
  return at !== undefined && !(now < Date.parse(at))
}

function unreadable(problem: string): ConfigurationError {
  return new ConfigurationError('The API keys cannot be read', [problem])
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
