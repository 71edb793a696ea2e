/** Creates, lists and revokes API keys, for `chainon key`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { type Lock, waitForLockSync } from '../process/lock.ts'
import { keysFile, readKeys, type StoredKey, writeKeys } from './file.ts'
import { isProducerName, newKey, parseKey } from './format.ts'

export interface IssuedKey {
  readonly producer: string
  readonly id: string
  /** Shown once: only its hash is stored. */
  readonly key: string
}

const LOCK_WAIT_MS = 5_000

/** @throws ConfigurationError when the producer's name has a wrong form */
export function createKey(dataDir: string, producer: string, name: string): IssuedKey {
  checkName(producer)
  return locked(dataDir, () => issue(dataDir, producer, name))
}

export function listKeys(dataDir: string): readonly Omit<StoredKey, 'sha256'>[] {
  return readKeys(keysFile(dataDir)).map(({ sha256: _hidden, ...key }) => key)
}

/** @returns false when there is no such key in force */
export function revokeKey(dataDir: string, id: string): boolean {
  return locked(dataDir, () => {
    const path = keysFile(dataDir)
    const keys = readKeys(path)
    if (!keys.some((key) => key.id === id && key.revoked_at === undefined)) return false
    const revoked_at = new Date().toISOString()
    writeKeys(
      path,
      keys.map((key) => (key.id === id ? { ...key, revoked_at } : key)),
    )
    return true
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
    const inForce = readKeys(keysFile(dataDir)).find((key) => key.id === parsed?.id && key.revoked_at === undefined)
    if (kept && parsed && inForce?.producer === producer) return { producer, id: parsed.id, key: kept }
    const issued = issue(dataDir, producer, 'local')
    const path = localKeyFile(dataDir, producer)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    rmSync(path, { force: true })
    writeFileSync(path, `${issued.key}\n`, { mode: 0o600, flag: 'wx' })
    return issued
  })
}

/** @returns the key that `ensureKey` kept for the command line, or undefined */
export function localKey(dataDir: string, producer: string): string | undefined {
  checkName(producer)
  try {
    return readFileSync(localKeyFile(dataDir, producer), 'utf8').trim()
  } catch {
    return undefined
  }
}

function localKeyFile(dataDir: string, producer: string): string {
  return join(dataDir, 'secrets', 'cli', 'keys', `${producer}.key`)
}

function issue(dataDir: string, producer: string, name: string): IssuedKey {
  const { id, key, sha256 } = newKey()
  const path = keysFile(dataDir)
  writeKeys(path, [...readKeys(path), { id, producer, name, sha256, created_at: new Date().toISOString() }])
  return { producer, id, key }
}

function checkName(producer: string): void {
  if (!isProducerName(producer)) {
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
