/**
 * The revocations: `<data>/keys-revoked.log`, mode 0600, one line `<written at> <keyid>` for each; ` from <time>` follows where a rotation leaves the
 * key in force until then. Lines are only added, so that neither a damaged `keys.json` nor one from a backup revives a key. A damaged
 * line revokes at once whatever in it has the form of a key's id.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'

const ID = /(?<![A-Za-z0-9])[a-z0-9]{12}(?![A-Za-z0-9])/g
const LINE = /^(\d{4}-\S+Z) [a-z0-9]{12}(?: from (\d{4}-\S+Z))?$/

/** Before any time: a revocation holds also where the clock of the reader is behind that of the writer. */
export const AT_ONCE = Number.NEGATIVE_INFINITY

export interface Revocation {
  /** When the line was written, ISO 8601; empty where it is damaged. */
  readonly at: string
  /** Milliseconds since 1970 from which the key is revoked, or AT_ONCE. */
  readonly from: number
}

export interface Revocations {
  /** The earliest revocation of each key, by id. */
  readonly revoked: ReadonlyMap<string, Revocation>
  /** Lines that are not as they were written. */
  readonly damagedLines: number
}

export function revocationsFile(dataDir: string): string {
  return join(dataDir, 'keys-revoked.log')
}

/**
 * @returns no revocation when there is no file
 * @throws ConfigurationError when the file is unreadable
 */
export function readRevocations(path: string): Revocations {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { revoked: new Map(), damagedLines: 0 }
    throw new ConfigurationError('The revoked API keys cannot be read', [`${path}: ${errorCode(error)}`])
  }
  const revoked = new Map<string, Revocation>()
  let damagedLines = 0
  for (const line of text.split('\n').filter(Boolean)) {
    const read = LINE.exec(line)
    const from = read?.[2] === undefined ? AT_ONCE : Date.parse(read[2])
    const whole = read !== null && !Number.isNaN(from)
    if (!whole) damagedLines++
    const revocation = whole ? { at: read[1] ?? '', from } : { at: '', from: AT_ONCE }
    for (const [id] of line.matchAll(ID))
      if (!((revoked.get(id)?.from ?? Infinity) <= revocation.from)) revoked.set(id, revocation)
  }
  return { revoked, damagedLines }
}

/**
 * Returns when the line is on the disk.
 *
 * @param at now, ISO 8601
 * @param from the end of a rotation's overlap, ISO 8601; without it the key is revoked at once
 * @throws ConfigurationError when it cannot be written: the key is not revoked
 */
export function appendRevocation(path: string, id: string, at: string, from?: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const fd = openSync(path, 'a', 0o600)
    try {
      // A line that an earlier full disk cut must not swallow this one.
      const line = Buffer.from(`${cutLine(path) ? '\n' : ''}${at} ${id}${from === undefined ? '' : ` from ${from}`}\n`)
      if (writeSync(fd, line) < line.length) throw Object.assign(new Error('cut'), { code: 'ENOSPC' })
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new ConfigurationError('The key is not revoked', [`${path}: ${errorCode(error)}`])
  }
}

function cutLine(path: string): boolean {
  const bytes = readFileSync(path)
  return bytes.length > 0 && bytes.at(-1) !== 0x0a
}
