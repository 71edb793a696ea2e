/** What a batch has changed in the linker's memory, until it is sent to Redis. */
import type { Graph } from './graph.ts'
import type { Marks } from './marks.ts'
import type { Outbox } from './outbox.ts'
import { BUCKET } from './stored-bytes.ts'
import type { Flag, Writes } from './writes.ts'

export interface Changes {
  readonly records: Map<number, Buffer>
  /** Records of whose edges to those with lower numbers some have changed. */
  readonly edges: Set<number>
  readonly persons: Set<number>
  /** Records of which something else is to be told, or nothing more. */
  readonly untold: Set<number>
  /** Multiples of 256: among so many records from there, marks are others. */
  readonly limited: Set<number>
  readonly split: Set<number>
  readonly decisions: Map<string, Buffer>
  readonly positions: Map<string, bigint>
  linkVersion: number | undefined
  frequencies: Buffer | undefined
}

export function noChanges(): Changes {
  return {
    records: new Map(),
    edges: new Set(),
    persons: new Set(),
    untold: new Set(),
    limited: new Set(),
    split: new Set(),
    decisions: new Map(),
    positions: new Map(),
    linkVersion: undefined,
    frequencies: undefined,
  }
}

export function isEmpty({ linkVersion, frequencies, ...sets }: Changes): boolean {
  return linkVersion === undefined && frequencies === undefined && Object.values(sets).every(({ size }) => size === 0)
}

export interface ChangedMemory {
  /** Records that have been there. */
  readonly size: number
  readonly links: Graph
  readonly outbox: Outbox
  readonly marked: Readonly<Record<Flag, Marks>>
}

/** @returns the changes with what the edges, persons, marks and notes are now */
export function writesOf(changes: Changes, { size, links, outbox, marked }: ChangedMemory): Writes {
  const { edges, persons, untold, limited, split, ...rest } = changes
  const lower = (number: number) => new Map([...links.edgesOf(number)].filter(([other]) => other < number))
  return {
    ...rest,
    size,
    edges: new Map(Array.from(edges, (number) => [number, lower(number)])),
    persons: new Map(Array.from(persons, (number) => [number, links.personOf(number)])),
    untold: new Map(Array.from(untold, (number) => [number, outbox.get(number)])),
    limited: new Map(Array.from(limited, (from) => [from, marked.limited.bytes(from, BUCKET)])),
    split: new Map(Array.from(split, (from) => [from, marked.split.bytes(from, BUCKET)])),
  }
}
