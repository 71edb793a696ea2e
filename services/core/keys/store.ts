/**
 * Checks API keys and client certificates, for the gateway. Both files are looked at before each check (two `stat`, some microseconds), so that a revocation holds from
 * the next request on, on every file system; a watch of the folder would be told of changes on some of them only.
 */
import { statSync } from 'node:fs'
import { ConfigurationError } from '../faults/errors.ts'
import { isExpired, keysFile, readKeys, type StoredKey, scopesOf } from './file.ts'
import { hashSecret, parseKey, sameHash } from './format.ts'
import { AT_ONCE, type Revocation, readRevocations, revocationsFile } from './revocations.ts'

export interface KeyAccess {
  readonly keyId: string
  readonly producer: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly expiresAt?: string
}

/** `expired` and `revoked` only for who has the secret: others cannot find out which keys there are. */
export type LoginFailure = 'malformed' | 'unknown' | 'wrong-secret' | 'expired' | 'revoked'

export type Login<Failure extends string = LoginFailure> =
  | { readonly kind: 'accepted'; readonly access: KeyAccess }
  /** The key's id is that of a stored key; without one, what was sent is not to be repeated anywhere. */
  | { readonly kind: 'failed'; readonly reason: Failure; readonly keyId?: string }

export interface KeyStore {
  /** @param presented an API key */
  login(presented: string): Login
  /** @param sha256 of a certificate in DER whose holder has proved to have its private key, 64 hexadecimal digits */
  loginCertificate(sha256: string): Login
  /** @param id of a key, or one of a token (`token-id.ts`) */
  isRevoked(id: string): boolean
}

/** Compared with when the id is unknown, so that the time of the answer does not show which ids exist. */
const UNKNOWN_HASH = '0'.repeat(64)

/**
 * @param onDamaged called when a changed file cannot be read: the keys read before stay in force, without those that are revoked
 * @param onReadable called when the files can be read again
 * @throws ConfigurationError when a file is damaged at the start
 */
export function openKeyStore(
  dataDir: string,
  onDamaged: (error: unknown) => void,
  onReadable: () => void = () => undefined,
): KeyStore {
  const paths = { keys: keysFile(dataDir), revocations: revocationsFile(dataDir) }
  let keys: ReadonlyMap<string, StoredKey> = new Map()
  /** By their hash; of two entries of one certificate the last one counts. */
  let certificates: ReadonlyMap<string, StoredKey> = new Map()
  /** Only ever grows: no file brings back a key that this process has seen revoked. The number is the time from which it is. */
  const revoked = new Map<string, number>()
  let logged: ReadonlyMap<string, Revocation> = new Map()
  let seen = ''
  let damaged = false

  function revoke(id: string, from: number): void {
    revoked.set(id, Math.min(from, revoked.get(id) ?? Number.POSITIVE_INFINITY))
  }

  function readAll(): void {
    const found = readRevocations(paths.revocations)
    for (const [id, { from }] of found.revoked) revoke(id, from)
    const stored = readKeys(paths.keys)
    if (stored.length === 0 && keys.size > 0) throw damage(`${paths.keys} has no keys any more: restore it`)
    keys = new Map(stored.map((key) => [key.id, key]))
    certificates = new Map(stored.filter(({ kind }) => kind === 'certificate').map((key) => [key.sha256, key]))
    for (const { id, revoked_at: at } of stored) if (at !== undefined) revoke(id, AT_ONCE)
    if (found.damagedLines > 0) throw damage(`${paths.revocations} has ${found.damagedLines} damaged lines`)
    if ([...logged.keys()].some((id) => !found.revoked.has(id)))
      throw damage(`${paths.revocations} has lost lines: restore it`)
    logged = found.revoked
  }

  function refresh(): void {
    const current = `${fingerprint(paths.keys)} ${fingerprint(paths.revocations)}`
    if (current === seen) return
    seen = current
    try {
      readAll()
    } catch (error) {
      damaged = true
      onDamaged(error)
      return
    }
    if (damaged) onReadable()
    damaged = false
  }

  function inForce(stored: StoredKey): Login {
    const failed = (reason: LoginFailure): Login => ({ kind: 'failed', reason, keyId: stored.id })
    const now = Date.now()
    const from = revoked.get(stored.id) ?? Number.POSITIVE_INFINITY
    if (from === AT_ONCE) return failed('revoked')
    // The end of a rotation's overlap stands in both files.
    if (isExpired(stored, now) || from <= now) return failed('expired')
    return { kind: 'accepted', access: accessOf(stored) }
  }

  readKeys(paths.keys)
  readRevocations(paths.revocations)
  refresh()
  return {
    login(presented) {
      refresh()
      const parsed = parseKey(presented)
      if (!parsed) return { kind: 'failed', reason: 'malformed' }
      const found = keys.get(parsed.id)
      const stored = found?.kind === undefined ? found : undefined
      const same = sameHash(hashSecret(parsed.secret), stored?.sha256 ?? UNKNOWN_HASH)
      if (!stored) return { kind: 'failed', reason: 'unknown' }
      return same ? inForce(stored) : { kind: 'failed', reason: 'wrong-secret', keyId: stored.id }
    },
    loginCertificate(sha256) {
      refresh()
      const stored = certificates.get(sha256)
      return stored ? inForce(stored) : { kind: 'failed', reason: 'unknown' }
    },
    isRevoked(id) {
      refresh()
      return (revoked.get(id) ?? Number.POSITIVE_INFINITY) <= Date.now()
    },
  }
}

function accessOf(key: StoredKey): KeyAccess {
  const { id, producer, name, created_at: createdAt, expires_at: expiresAt } = key
  const expiry = expiresAt === undefined ? {} : { expiresAt }
  return { keyId: id, producer, name, scopes: scopesOf(key), createdAt, ...expiry }
}

function damage(problem: string): ConfigurationError {
  return new ConfigurationError('The files of API keys are damaged', [problem])
}

function fingerprint(path: string): string {
  try {
    const { mtimeNs, size, ino } = statSync(path, { bigint: true })
    return `${mtimeNs}:${size}:${ino}`
  } catch {
    return 'none'
  }
}
