/** Reads into memory what the linker looks up: of each record its id, version and tokens, its edges and its person; what is to be told, marks, decisions. */
import { ChainonError } from '#core/faults/errors.ts'
import type { TokenIndex } from '#core/linkage/token-index.ts'
import { idOf, readHead, tokensOf } from './codec.ts'
import type { Graph } from './graph.ts'
import type { KnownRecords } from './known-records.ts'
import { type Marks, marks } from './marks.ts'
import type { OutboxState } from './outbox.ts'
import { BUCKET } from './stored-bytes.ts'
import type { StoredIndex } from './stored-index.ts'
import type { Flag } from './writes.ts'

export interface IndexMemory {
  readonly known: KnownRecords
  readonly links: Graph
  /** @returns which records of a source have a token */
  readonly tokensAt: (source: number) => TokenIndex
}

const READ_AT_ONCE = 4 * BUCKET

export interface ReadIndex {
  readonly toTell: OutboxState
  readonly marked: Readonly<Record<Flag, Marks>>
  /** Sealed, by the two ids (latin1). */
  readonly decisions: Map<string, Buffer>
  /** Sealed. */
  readonly frequencies: Buffer | undefined
}

/** @param memory empty */
export async function readIndex(stored: StoredIndex, { known, links, tokensAt }: IndexMemory): Promise<ReadIndex> {
  const size = await stored.size()
  // Beside a linker that writes, the last bucket may have more records by the time it is read.
  links.grow(BUCKET * Math.ceil(size / BUCKET))
  for (let from = 0; from < size; from += READ_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(READ_AT_ONCE, size - from) }, (_, at) => from + at)
    const buckets = numbers.filter((number) => number % BUCKET === 0)
    const [records, ...found] = await Promise.all([
      stored.records(numbers),
      ...buckets.map((bucket) => stored.links(bucket)),
    ])
    for (const number of numbers) {
      const bytes = presentIn(records, number)
      const head = readHead(bytes)
      known.set(number, idOf(bytes), head)
      if (!head.isCancelled) tokensAt(head.source).add(number, tokensOf(bytes))
    }
    for (const { edges, persons } of found) {
      for (const [number, own] of edges) for (const [other, weight] of own) links.connect(number, other, weight)
      for (const [number, person] of persons) links.setPerson(number, person)
    }
  }
  const [toTell, limited, split, decisions, frequencies] = await Promise.all([
    stored.outbox(),
    stored.marks('limited'),
    stored.marks('split'),
    stored.decisions(),
    stored.frequencies(),
  ])
  return { toTell, marked: { limited: marks(limited), split: marks(split) }, decisions, frequencies }
}

/** @throws ChainonError link-index-behind when it is not there */
export function presentIn(records: ReadonlyMap<number, Buffer>, number: number): Buffer {
  const bytes = records.get(number)
  if (!bytes) throw new ChainonError('link-index-behind', 'Redis has lost a record of the linkage index')
  return bytes
}
