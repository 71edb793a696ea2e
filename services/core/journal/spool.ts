/**
 * The state of a writer of the journal, in a folder of its own (`<data>/journal/<writer>/`, mode 0700): its public key, the last entry that
 * Kafka acknowledged (`head.json`), and the entries since then (`spool.ndjson`). An entry is on the disk before anybody sends it, so a process
 * that is killed at any moment goes on with the chain that it had: what it sends again is word for word what it sent.
 */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Type, { type TSchema } from 'typebox'
import { errorCode } from '../faults/describe-failure.ts'
import { ChainonError } from '../faults/errors.ts'
import { waitForLockSync } from '../process/lock.ts'
import { complete } from '../schema/complete.ts'
import type { JournalEvent } from './actions.ts'
import { type Head, hashOf, NO_HASH, readEntry, type Writer, writeEntry } from './entry.ts'

/** About 20,000 entries: Kafka may be away for weeks before it is full. */
const MAX_SPOOL_BYTES = 8 * 1024 ** 2
const LOCK_MS = 5_000
const EMPTY: Head = { sequence: 0, hash: NO_HASH }

const StoredHead = Type.Object({
  sequence: Type.Integer({ minimum: 0 }),
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})
const StoredLosses = Type.Object({ entries: Type.Integer({ minimum: 0 }) })
const StoredWriter = Type.Object({ writer: Type.String(), public_key: Type.String() })

export type SpooledWriter = { readonly name: string; readonly publicKey: string }

export interface Spool {
  /**
   * Returns when the entry is on the disk. Entries that were not kept before get an entry that counts them.
   *
   * @returns the head of the chain with the new entry; undefined when the spool is full: the entry is counted and not kept
   * @throws ChainonError when the folder is damaged or cannot be written
   */
  append(writer: Writer, event: JournalEvent, at: string): Head | undefined
  /** @returns the entries that are not acknowledged, the oldest first */
  unsent(): readonly string[]
  /** The last entry that was acknowledged. */
  sent(): Head
  /** Forgets the entries up to this one, which Kafka has. */
  acknowledge(head: Head): void
}

/** @param maxBytes of the entries that are not sent */
export function openSpool(folder: string, maxBytes = MAX_SPOOL_BYTES): Spool {
  const file = (name: string) => join(folder, name)
  const sent = () => readJson(file('head.json'), StoredHead) ?? EMPTY

  function locked<T>(work: () => T): T {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const lock = waitForLockSync(file('lock'), 'journal', LOCK_MS)
    if ('heldBy' in lock)
      throw new ChainonError('dependency-unavailable', `process ${lock.heldBy.pid} writes the access journal`)
    try {
      return work()
    } finally {
      lock.release()
    }
  }

  /** A line without its end was being written by a process that was killed: nobody was told that it is kept. */
  const lines = () => (readText(file('spool.ndjson')) ?? '').split('\n').slice(0, -1)

  /** Those that `head.json` already has were acknowledged before a process was killed. */
  const unsent = () => {
    const { sequence } = sent()
    return lines().filter((line) => sequenceOf(line, folder) > sequence)
  }

  function add(writer: Writer, head: Head, event: JournalEvent, at: string): Head {
    const line = writeEntry(writer, head, event, at)
    appendLine(file('spool.ndjson'), line)
    return { sequence: head.sequence + 1, hash: hashOf(line) }
  }

  return {
    sent,
    unsent,
    append: (writer, event, at) =>
      locked(() => {
        publish(file('writer.json'), writer)
        const losses = readJson(file('lost.json'), StoredLosses)?.entries ?? 0
        if (sizeOf(file('spool.ndjson')) >= maxBytes) {
          replace(file('lost.json'), JSON.stringify({ entries: losses + 1 }))
          return undefined
        }
        let head = headOf(lines().at(-1), folder) ?? sent()
        if (losses > 0) {
          const counted = { actor: event.actor, action: 'lost', object: 'journal', outcome: 'done' } as const
          head = add(writer, head, { ...counted, facts: { entries: losses } }, at)
          replace(file('lost.json'), JSON.stringify({ entries: 0 }))
        }
        return add(writer, head, event, at)
      }),
    acknowledge: (head) =>
      locked(() => {
        if (head.sequence <= sent().sequence) return
        // The head first: entries that it has and that are still in the file are not sent again.
        replace(file('head.json'), JSON.stringify(head))
        replace(
          file('spool.ndjson'),
          unsent()
            .map((line) => `${line}\n`)
            .join(''),
        )
      }),
  }
}

/** @returns the writer of a folder; undefined when it has none */
export function writerIn(folder: string): SpooledWriter | undefined {
  const read = readJson(join(folder, 'writer.json'), StoredWriter)
  return read && { name: read.writer, publicKey: read.public_key }
}

function publish(path: string, { name, publicKey }: Writer): void {
  if (readText(path) === undefined) replace(path, JSON.stringify({ writer: name, public_key: publicKey }))
}

function headOf(line: string | undefined, folder: string): Head | undefined {
  return line === undefined ? undefined : { sequence: sequenceOf(line, folder), hash: hashOf(line) }
}

/** A chain does not go on after a line that nobody can read: its number could be used twice. */
function sequenceOf(line: string, folder: string): number {
  const entry = readEntry(line)
  if (entry) return entry.sequence
  throw new ChainonError('configuration', `The access journal in ${folder} is damaged (SECURITY.md says what to do)`)
}

function appendLine(path: string, line: string): void {
  const descriptor = openSync(path, 'a+', 0o600)
  try {
    cutTorn(path, descriptor)
    const bytes = Buffer.from(`${line}\n`)
    if (writeSync(descriptor, bytes) < bytes.length) throw Object.assign(new Error('cut'), { code: 'ENOSPC' })
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function cutTorn(path: string, descriptor: number): void {
  const bytes = readFileSync(path)
  if (bytes.length > 0 && bytes.at(-1) !== 0x0a) ftruncateSync(descriptor, bytes.lastIndexOf(0x0a) + 1)
}

/** Appears with its content in one step, and is on the disk when this returns. */
function replace(path: string, text: string): void {
  const draft = `${path}.draft`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  chmodSync(draft, 0o600)
  renameSync(draft, path)
}

function readJson<S extends TSchema>(path: string, schema: S) {
  const text = readText(path)
  if (text === undefined) return undefined
  try {
    const read = complete(schema, JSON.parse(text))
    if (read !== undefined) return read
  } catch {
    // As for a value of another form.
  }
  throw new ChainonError('configuration', `${path} is damaged (SECURITY.md says what to do)`)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
