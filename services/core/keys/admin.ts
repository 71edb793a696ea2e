/** Creates, lists, rotates and revokes API keys, and registers client certificates, for `chainon keys`. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { type Lock, waitForLockSync } from '../process/lock.ts'
import type { StoredCertificate } from './certificate.ts'
import { isExpired, keysFile, readKeys, type StoredKey, scopesOf, writeKeys } from './file.ts'
import { KEY_ID, newKey, PRODUCER, parseKey } from './format.ts'
import { AT_ONCE, appendRevocation, readRevocations, revocationsFile } from './revocations.ts'
import { ALL_SCOPES } from './scopes.ts'
import { isOfToken } from './token-id.ts'
import { lastUse } from './use.ts'

export interface IssuedKey {
  readonly producer: string
  readonly id: string
  /** Shown once: only its hash is stored. */
  readonly key: string
}

/** What a key may do, and until when; by default everything, without an end. */
export interface KeyTerms {
  readonly scopes?: readonly string[]
  /** ISO 8601, UTC, with milliseconds. */
  readonly expiresAt?: string
}

export interface ListedKey extends Omit<StoredKey, 'sha256' | 'scopes'> {
  /** Of a certificate. */
  readonly sha256?: string
  readonly scopes: readonly string[]
  readonly state: 'in force' | 'expired' | 'revoked'
  /** The hour of the last use, for instance `2026-01-31T08:00Z`. */
  readonly last_used?: string
}

export interface Rotation {
  readonly issued: IssuedKey
  /** The former key, and until when both are in force. */
  readonly replaced: { readonly id: string; readonly expires_at: string }
}

const LOCK_WAIT_MS = 5_000

/** @throws ConfigurationError when the producer's name has a wrong form, or the files cannot be read or written */
export function createKey(dataDir: string, producer: string, name: string, terms: KeyTerms = {}): IssuedKey {
  checkName(producer)
  return locked(dataDir, () => issue(dataDir, producer, name, terms))
}

/**
 * Lets who has the private key of a certificate log in as a producer, until the certificate or the terms end.
 *
 * @returns the id of its entry
 * @throws ConfigurationError as `createKey`, and when an entry of the certificate is in force
 */
export function addCertificate(
  dataDir: string,
  producer: string,
  name: string,
  certificate: StoredCertificate,
  terms: KeyTerms = {},
): string {
  checkName(producer)
  const { scopes = ALL_SCOPES, expiresAt = certificate.expiresAt } = terms
  return locked(dataDir, () => {
    const same = listKeys(dataDir).find((one) => one.sha256 === certificate.sha256 && one.state === 'in force')
    if (same)
      throw new ConfigurationError('The certificate is not registered', [
        `it is in force as ${same.id} of ${same.producer}: revoke that first`,
      ])
    const stored: StoredKey = {
      kind: 'certificate',
      id: newKey().id,
      producer,
      name,
      sha256: certificate.sha256,
      created_at: isoTime(Date.now()),
      scopes,
      expires_at: expiresAt < certificate.expiresAt ? expiresAt : certificate.expiresAt,
    }
    const path = keysFile(dataDir)
    writeKeys(path, [...readKeys(path), stored])
    return stored.id
  })
}

/** @returns every key and certificate, the first created one first */
export function listKeys(dataDir: string): readonly ListedKey[] {
  const { revoked } = readRevocations(revocationsFile(dataDir))
  const now = Date.now()
  return readKeys(keysFile(dataDir)).map(({ sha256, ...key }) => {
    const logged = revoked.get(key.id)
    const revoked_at = key.revoked_at ?? (logged?.from === AT_ONCE ? logged.at : undefined)
    const ended = isExpired(key, now) || (logged !== undefined && logged.from <= now)
    const last_used = lastUse(dataDir, key.id)
    return {
      ...key,
      ...(key.kind === 'certificate' ? { sha256 } : {}),
      scopes: scopesOf(key),
      state: revoked_at !== undefined ? 'revoked' : ended ? 'expired' : 'in force',
      ...(revoked_at === undefined ? {} : { revoked_at }),
      ...(last_used === undefined ? {} : { last_used }),
    }
  })
}

/**
 * Also while `keys.json` is damaged or missing: the revocation has a file of its own, which is written first.
 *
 * @param id of a key, a certificate, or a token: of the latter no file knows whether there is one
 * @returns false when there is no such key in force
 */
export function revokeKey(dataDir: string, id: string): boolean {
  return locked(dataDir, () => {
    const path = keysFile(dataDir)
    const keys = existsSync(path) ? attempt(() => readKeys(path)) : undefined
    const isToken = isOfToken(id)
    if (!isToken && keys && !keys.some((key) => key.id === id && key.revoked_at === undefined)) return false
    if (!KEY_ID.test(id)) return false
    const revoked_at = new Date().toISOString()
    appendRevocation(revocationsFile(dataDir), id, revoked_at)
    if (!keys || isToken) return true
    writeKeys(
      path,
      keys.map((key) => (key.id === id ? { ...key, revoked_at } : key)),
    )
    return true
  })
}

/**
 * Makes a key with the terms of a former one, which stays in force for the overlap: time to change it at the producer. Its lifetime is that of the
 * former key.
 *
 * @param id of the former key; needed only when the producer has several
 * @throws ChainonError wrong-key when the producer has no key in force, or several and no id
 */
export function rotateKey(dataDir: string, producer: string, overlapMs: number, id?: string): Rotation {
  checkName(producer)
  return locked(dataDir, () => {
    const candidates = listKeys(dataDir).filter(
      (key) =>
        key.producer === producer &&
        key.kind === undefined &&
        key.state === 'in force' &&
        key.replaced_by === undefined &&
        (id === undefined || key.id === id),
    )
    const [former] = candidates
    if (!former) throw new ChainonError('wrong-key', `${producer} has no${id ? ' such' : ''} key in force to rotate.`)
    if (candidates.length > 1)
      throw new ChainonError(
        'wrong-key',
        `${producer} has ${candidates.length} keys in force: name one with --key (${candidates.map((one) => one.id).join(', ')}).`,
      )
    const now = Date.now()
    const { issued, stored } = makeKey(producer, former.name, {
      scopes: former.scopes,
      ...(former.expires_at === undefined
        ? {}
        : { expiresAt: isoTime(now + Date.parse(former.expires_at) - Date.parse(former.created_at)) }),
    })
    const end = Math.min(now + overlapMs, former.expires_at === undefined ? Infinity : Date.parse(former.expires_at))
    const replaced = { id: former.id, expires_at: isoTime(end) }
    // In this file, too: an old copy of keys.json does not know of the end.
    appendRevocation(revocationsFile(dataDir), former.id, isoTime(now), replaced.expires_at)
    const path = keysFile(dataDir)
    const others = readKeys(path).map((key) =>
      key.id === former.id ? { ...key, expires_at: replaced.expires_at, replaced_by: issued.id } : key,
    )
    writeKeys(path, [...others, stored])
    const kept = localKey(dataDir, producer)
    if (kept && parseKey(kept)?.id === former.id) keepLocal(dataDir, issued)
    return { issued, replaced }
  })
}

/**
 * A key for local use, created when the producer has none. As only hashes are stored, such a key is also kept in
 * `<data>/secrets/cli/keys/<producer>.key`, mode 0600, for the command line on this machine.
 */
export function ensureKey(dataDir: string, producer: string): IssuedKey {
  checkName(producer)
  return locked(dataDir, () => {
    const kept = localKey(dataDir, producer)
    const parsed = kept ? parseKey(kept) : undefined
    const inForce = listKeys(dataDir).find((key) => key.id === parsed?.id && key.state === 'in force')
    if (kept && parsed && inForce?.producer === producer) return { producer, id: parsed.id, key: kept }
    const issued = issue(dataDir, producer, 'local', {})
    keepLocal(dataDir, issued)
    return issued
  })
}

/** @returns the key that `ensureKey` kept for the command line, or undefined */
export function localKey(dataDir: string, producer: string): string | undefined {
  checkName(producer)
  return attempt(() => readFileSync(localKeyFile(dataDir, producer), 'utf8').trim())
}

function keepLocal(dataDir: string, { producer, key }: IssuedKey): void {
  const path = localKeyFile(dataDir, producer)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx' })
}

function localKeyFile(dataDir: string, producer: string): string {
  return join(dataDir, 'secrets', 'cli', 'keys', `${producer}.key`)
}

function issue(dataDir: string, producer: string, name: string, terms: KeyTerms): IssuedKey {
  const { issued, stored } = makeKey(producer, name, terms)
  const path = keysFile(dataDir)
  writeKeys(path, [...readKeys(path), stored])
  return issued
}

function makeKey(producer: string, name: string, terms: KeyTerms): { issued: IssuedKey; stored: StoredKey } {
  const { id, key, sha256 } = newKey()
  const { scopes = ALL_SCOPES, expiresAt } = terms
  const expiry = expiresAt === undefined ? {} : { expires_at: expiresAt }
  const stored = { id, producer, name, sha256, created_at: isoTime(Date.now()), scopes, ...expiry }
  return { issued: { producer, id, key }, stored }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function checkName(producer: string): void {
  if (!PRODUCER.test(producer)) {
    throw new ConfigurationError('The name of the producer is invalid', [
      'a name is 1 to 64 lower case letters, digits, dots, dashes and underscores, and begins with a letter or digit',
    ])
  }
}

/** Two commands at once must not lose each other's key: they hold a lock while they read and replace the file. */
function locked<T>(dataDir: string, work: () => T): T {
  const lock = acquireLock(dataDir, `${keysFile(dataDir)}.lock`)
  try {
    return work()
  } finally {
    lock.release()
  }
}

function acquireLock(dataDir: string, file: string): Lock {
  let lock: ReturnType<typeof waitForLockSync>
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    lock = waitForLockSync(file, 'keys', LOCK_WAIT_MS)
  } catch (error) {
    throw new ConfigurationError('The API keys cannot be written', [
      `${dataDir}: ${errorCode(error)} (CHAINON_DATA_DIR)`,
    ])
  }
  if ('release' in lock) return lock
  throw new ConfigurationError('The API keys are locked', [`process ${lock.heldBy.pid} changes them: try again`])
}
