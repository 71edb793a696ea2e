/** Finds the producer of an API key, for the gateway. The file is read again when it changes, within half a second. */
import { statSync } from 'node:fs'
import { keysFile, readKeys, type StoredKey } from './file.ts'
import { hashSecret, parseKey, sameHash } from './format.ts'

export interface KeyOwner {
  readonly keyId: string
  readonly producer: string
}

export interface KeyStore {
  /** @returns the producer that the key belongs to, or undefined when it is unknown, revoked or malformed */
  owner(presented: string): KeyOwner | undefined
}

const CHECK_INTERVAL_MS = 500
/** Compared with when the id is unknown, so that the time of the answer does not show which ids exist. */
const UNKNOWN_HASH = '0'.repeat(64)

/**
 * @param onDamaged called when a changed file cannot be read; the keys read before stay in force
 * @throws ConfigurationError when the file is damaged at the start
 */
export function openKeyStore(dataDir: string, onDamaged: (error: unknown) => void): KeyStore {
  const path = keysFile(dataDir)
  let seen = fingerprint(path)
  let keys = index(readKeys(path))
  let checkedAt = Date.now()

  function refresh(): void {
    const now = Date.now()
    if (now - checkedAt < CHECK_INTERVAL_MS) return
    checkedAt = now
    const current = fingerprint(path)
    if (current === seen) return
    seen = current
    try {
      keys = index(readKeys(path))
    } catch (error) {
      onDamaged(error)
    }
  }

  return {
    owner(presented) {
      refresh()
      const parsed = parseKey(presented)
      if (!parsed) return undefined
      const stored = keys.get(parsed.id)
      const same = sameHash(hashSecret(parsed.secret), stored?.sha256 ?? UNKNOWN_HASH)
      return same && stored ? { keyId: stored.id, producer: stored.producer } : undefined
    },
  }
}

function index(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.filter((key) => key.revoked_at === undefined).map((key) => [key.id, key]))
}

function fingerprint(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs}:${size}:${ino}`
  } catch {
    return 'none'
  }
}
