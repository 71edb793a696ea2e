/**
 * The private sealing keys of `deidentify`, one for each day, as seeds in files of its own secrets folder:
 *   ratchet.json        the state from which the seeds of days without a file follow; it only moves forward
 *   <YYYY-MM-DD>.seed   the seed of one day
 *   shredded.ndjson     the days that were made unreadable: when, by whom, why
 *   authority.pem       signs what is announced to the gateways (announcements.ts)
 * Each state is a one-way function of the one before. So hosts that have a copy of one state have the same keys without talking to each
 * other, and from what is left no seed of a day that was shredded can be computed.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLEAR, type SecretBox } from '../crypto/secret-box.ts'
import { type KeyRegister, registered } from '../custody/registered-secret.ts'
import { errorCode } from '../faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { waitForLockSync } from '../process/lock.ts'
import { parseDay, textOfDay } from './day.ts'
import { keyIdOf, publicKeyOf } from './hpke.ts'
import { overwrite, type Read, secretFiles, type Write } from './secret-files.ts'

/** Keys are announced so many days before they are used: a gateway goes on while `deidentify` is away for as long. */
export const DAYS_AHEAD = 14
const SEED_BYTES = 32
const LOCK_MS = 10_000

export interface DayKey {
  /** Days since 1970-01-01. */
  readonly day: number
  /** Names the public key; 16 hexadecimal characters. */
  readonly id: string
  readonly publicKey: Buffer
  readonly seed: Buffer
}

export interface Shredded {
  readonly day: string
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly who: string
  readonly why: string
}

export interface DayKeys {
  /** The keys that exist, in the order of their days. */
  live(): Promise<readonly DayKey[]>
  shredded(): readonly Shredded[]
  /** Makes the missing keys up to DAYS_AHEAD after today. @returns whether it made any */
  advance(today: number): boolean
  /** Overwrites and removes the seed of a day. @returns what is recorded of it; undefined when there is no such key */
  shred(
    day: number,
    by: { readonly who: string; readonly why: string; readonly at: string },
  ): Promise<Shredded | undefined>
  /** Signs announcements. */
  readonly authority: KeyObject
}

interface Ratchet {
  /** The first day without a file. */
  readonly day: string
  /** Hexadecimal. */
  readonly state: string
}

/**
 * @param folder `sealing` in the secrets folder of deidentify; made at the first start, with the first keys
 * @param today days since 1970-01-01
 * @param box how the secrets stand in their files; those in clear text are sealed in their place
 * @param make false for who only reads or shreds: a folder without keys is then an error, and not filled
 * @throws ConfigurationError when a file is damaged, readable by others, or cannot be written
 */
export function openDayKeys(folder: string, today: number, make = true, box: SecretBox = CLEAR): DayKeys {
  const ratchetFile = join(folder, 'ratchet.json')
  const logFile = join(folder, 'shredded.ndjson')
  const seedFile = (day: number) => join(folder, `${textOfDay(day)}.seed`)
  const known = new Map<string, DayKey>()
  const { read, write } = secretFiles(box)

  function locked<T>(work: () => T): T {
    const lock = waitForLockSync(join(folder, 'lock'), 'keys', LOCK_MS)
    if ('heldBy' in lock)
      throw new ChainonError('dependency-unavailable', `process ${lock.heldBy.pid} changes the sealing keys`)
    try {
      return work()
    } finally {
      lock.release()
    }
  }

  function advance(until: number): boolean {
    return locked(() => {
      let { day, state } = readRatchet(ratchetFile, read)
      const first = day
      for (; day <= until + DAYS_AHEAD; day++) {
        write(seedFile(day), follow(state, 'seed').toString('hex'))
        state = follow(state, 'next')
      }
      // The files first: a process that ends between the two makes the same files again.
      if (day !== first) writeRatchet(ratchetFile, day, state, write)
      return day !== first
    })
  }

  async function keyOf(day: number): Promise<DayKey | undefined> {
    const file = seedFile(day)
    const text = read(file)
    if (text === undefined) return undefined
    const cached = known.get(text)
    if (cached) return cached
    const seed = Buffer.from(text, 'hex')
    if (seed.length !== SEED_BYTES) throw damaged(file)
    const publicKey = await publicKeyOf(seed)
    const key = { day, id: keyIdOf(publicKey), publicKey, seed }
    known.set(text, key)
    return key
  }

  const shredded = (): readonly Shredded[] => {
    const text = existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''
    try {
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Shredded)
    } catch {
      throw damaged(logFile)
    }
  }

  if (make) makeFolder(folder, ratchetFile, today, write)
  else if (!existsSync(ratchetFile))
    throw new ConfigurationError('There are no sealing keys', [`${folder}: run this on a host of deidentify`])
  const authority = readAuthority(join(folder, 'authority.pem'), read)
  advance(today)
  return {
    authority,
    advance,
    shredded,
    async live() {
      const days = readdirSync(folder).flatMap((name) => {
        const day = name.endsWith('.seed') ? parseDay(name.slice(0, -'.seed'.length)) : undefined
        return day === undefined ? [] : [day]
      })
      const keys = await Promise.all(days.toSorted((a, b) => a - b).map(keyOf))
      return keys.filter((key) => key !== undefined)
    },
    async shred(day, by) {
      const key = await keyOf(day)
      if (!key) return undefined
      const entry: Shredded = { day: textOfDay(day), id: key.id, ...by }
      locked(() => {
        // The record first: a process that ends between the two has shredded a key that it still has, and does so again.
        appendSynced(logFile, `${JSON.stringify(entry)}\n`)
        overwrite(seedFile(day))
      })
      known.clear()
      return entry
    },
  }
}

/**
 * @param folder as for openDayKeys
 * @returns the keys; made and registered when neither this host nor the register has any
 * @throws ConfigurationError as openDayKeys, and when the keys are missing here, or are those of another installation
 */
export function registeredDayKeys(
  folder: string,
  today: number,
  register: KeyRegister,
  box: SecretBox = CLEAR,
): Promise<DayKeys> {
  return registered(
    'deidentify/sealing',
    {
      path: `${folder} (authority.pem, ratchet.json)`,
      exists: () => ['authority.pem', 'ratchet.json'].every((file) => existsSync(join(folder, file))),
      open: () => openDayKeys(folder, today, true, box),
      identity: ({ authority }) => createPublicKey(authority).export({ type: 'spki', format: 'der' }),
      harm: 'New keys open nothing of what is sealed, and the gateways refuse them.',
    },
    register,
  )
}

/** The first process makes the ratchet; a folder that lacks it but has keys has lost it. */
function makeFolder(folder: string, ratchetFile: string, today: number, write: Write): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  } catch (error) {
    throw new ConfigurationError('The sealing keys cannot be written', [`${folder}: ${errorCode(error)}`])
  }
  if (existsSync(ratchetFile)) return
  if (readdirSync(folder).some((name) => name.endsWith('.seed'))) throw damaged(ratchetFile)
  const { privateKey } = generateKeyPairSync('ed25519')
  const authority = join(folder, 'authority.pem')
  if (!existsSync(authority)) write(authority, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  // The day before: a gateway's clock may be behind.
  writeRatchet(ratchetFile, today - 1, randomBytes(SEED_BYTES), write)
}

function follow(state: Buffer, label: 'seed' | 'next'): Buffer {
  return createHmac('sha256', state).update(`chainon sealing ${label}`).digest()
}

function readRatchet(file: string, read: Read): { day: number; state: Buffer } {
  try {
    const { day, state } = JSON.parse(read(file) ?? '') as Ratchet
    const parsed = parseDay(day)
    const bytes = Buffer.from(state, 'hex')
    if (parsed !== undefined && bytes.length === SEED_BYTES) return { day: parsed, state: bytes }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
  }
  throw damaged(file)
}

function readAuthority(file: string, read: Read): KeyObject {
  const text = read(file)
  try {
    return createPrivateKey(text ?? '')
  } catch {
    throw damaged(file)
  }
}

function writeRatchet(file: string, day: number, state: Buffer, write: Write): void {
  write(file, JSON.stringify({ day: textOfDay(day), state: state.toString('hex') } satisfies Ratchet))
}

function damaged(file: string): ConfigurationError {
  return new ConfigurationError('A sealing key is damaged', [
    `${file}: restore the folder from its backup; a new one cannot read what is sealed already`,
  ])
}

function appendSynced(file: string, text: string): void {
  appendFileSync(file, text, { mode: 0o600, flush: true })
}
