/**
 * Takes a snapshot while the linker works: pieces of the index are read between its batches, and what each batch writes meanwhile stands in the file in
 * the order in which it happened. Restored in that order, it is the index at the moment of the last piece.
 */
import { ChainonError } from '#core/faults/errors.ts'
import type { Command } from '../index/commands.ts'
import { commandsOf } from '../index/commands.ts'
import type { LinkIndex } from '../index/link-index.ts'
import { BUCKET } from '../index/stored-bytes.ts'
import type { StoredIndex } from '../index/stored-index.ts'
import type { Writes } from '../index/writes.ts'
import { snapshotWriter } from './snapshot-file.ts'
import { digestOf, type Header } from './snapshot-form.ts'

/** Some milliseconds of reading. */
export const RECORDS_AT_ONCE = 4 * BUCKET

export interface SnapshotSource {
  /** Runs work on the open index between two batches. What it throws closes the index. */
  readonly between: <T>(work: (open: { readonly index: LinkIndex }) => Promise<T>) => Promise<T>
}

export interface Taken {
  readonly records: number
  readonly bytes: number
}

type Source = Pick<LinkIndex, 'size' | 'persons' | 'commit' | 'stored'>

/**
 * @param path of the file, which is there when it is whole
 * @param onProgress records that are read, of how many
 * @throws ChainonError link-index-taken when the index was closed on the way; Error of Redis or of the disk. No part of the file is left
 */
export async function takeSnapshot(
  { between }: SnapshotSource,
  path: string,
  header: Header,
  keys: { readonly publicKey: Buffer; readonly indexSecret: Buffer },
  onProgress: (records: number, of: number) => void = () => undefined,
): Promise<Taken> {
  const commands = commandsOf(header.index)
  const file = await snapshotWriter(path, header, keys)
  let source: Source | undefined
  let pending: Command[] = []
  const note = (written: readonly Command[]) => {
    for (const command of written) pending.push(command)
  }
  /** On the index that was begun with: of another one the file would have two halves. */
  async function step<T>(work: (index: Source) => Promise<T>): Promise<T> {
    const done = await between(async ({ index }) => {
      if (source !== undefined && source !== index) return undefined
      await index.commit()
      return { result: await work(index) }
    })
    if (!done) throw new ChainonError('link-index-taken', 'the linkage index was opened again during its snapshot')
    await file.add(pending.splice(0))
    return done.result
  }
  try {
    const size = await step(async (index) => {
      source = index
      index.stored.watch(note)
      return index.size()
    })
    for (let from = 0; from < size; from += RECORDS_AT_ONCE) {
      const to = Math.min(size, from + RECORDS_AT_ONCE)
      await step(async (index) => note(commands(await pieceOf(index.stored, index.size(), from, to))))
      onProgress(to, size)
    }
    const trailer = await step(async (index) => {
      note(commands(await restOf(index.stored)))
      index.stored.watch(undefined)
      const positions = Array.from(await index.stored.positions(), ([name, next]) => [name, next.toString()] as const)
      return { records: index.size(), persons: digestOf(index.persons()), positions: Object.fromEntries(positions) }
    })
    return { records: trailer.records, bytes: await file.finish(trailer) }
  } catch (error) {
    await file.abandon()
    throw error
  } finally {
    source?.stored.watch(undefined)
    pending = []
  }
}

const NOTHING: Writes = {
  size: 0,
  records: new Map(),
  edges: new Map(),
  persons: new Map(),
  untold: new Map(),
  limited: new Map(),
  split: new Map(),
  decisions: new Map(),
  linkVersion: undefined,
  frequencies: undefined,
  positions: new Map(),
}

/** @param size records of the index @param from a multiple of 256 @returns records from there to `to`, their edges and persons, as Redis has them */
export async function pieceOf(
  stored: Pick<StoredIndex, 'records' | 'links'>,
  size: number,
  from: number,
  to: number,
): Promise<Writes> {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at)
  const [records, ...buckets] = await Promise.all([
    stored.records(numbers),
    ...numbers.filter((number) => number % BUCKET === 0).map((bucket) => stored.links(bucket)),
  ])
  if (records.size < numbers.length)
    throw new ChainonError('link-index-behind', 'Redis has lost a record of the linkage index')
  return {
    ...NOTHING,
    size,
    records,
    edges: new Map(buckets.flatMap(({ edges }) => [...edges])),
    persons: new Map(buckets.flatMap(({ persons }) => [...persons])),
  }
}

/** @returns what is not of a record's number, as Redis has it */
export async function restOf(
  stored: Pick<StoredIndex, 'outbox' | 'marks' | 'decisions' | 'frequencies' | 'positions'>,
): Promise<Writes> {
  const [outbox, limited, split, decisions, frequencies, positions] = await Promise.all([
    stored.outbox(),
    stored.marks('limited'),
    stored.marks('split'),
    stored.decisions(),
    stored.frequencies(),
    stored.positions(),
  ])
  const whole = (bytes: Buffer) => new Map(bytes.length === 0 ? [] : [[0, bytes] as const])
  return {
    ...NOTHING,
    ...{ untold: outbox.untold, decisions, frequencies, positions },
    // An index of which nobody is told has none.
    linkVersion: outbox.linkVersion || undefined,
    ...{ limited: whole(limited), split: whole(split) },
  }
}
