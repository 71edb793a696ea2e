/** What a batch has changed in the linker's memory, until it is sent to Redis. */
import type { Graph } from './graph.ts'
import type { Writes } from './stored-index.ts'

export interface Changes {
  readonly records: Map<number, Buffer>
  /** Records of whose edges to those with lower numbers some have changed. */
  readonly edges: Set<number>
  readonly persons: Set<number>
  readonly noted: Set<number>
  readonly told: Set<number>
  readonly positions: Map<string, bigint>
  linkVersion: number | undefined
}

export function noChanges(): Changes {
  return {
    records: new Map(),
    edges: new Set(),
    persons: new Set(),
    noted: new Set(),
    told: new Set(),
    positions: new Map(),
    linkVersion: undefined,
  }
}

export function isEmpty({ linkVersion, ...sets }: Changes): boolean {
  return linkVersion === undefined && Object.values(sets).every(({ size }) => size === 0)
}

/** @returns the changes with what the edges and persons are now */
export function writesOf({ edges, persons, ...rest }: Changes, size: number, links: Graph): Writes {
  const lower = (number: number) => new Map([...links.edgesOf(number)].filter(([other]) => other < number))
  return {
    ...rest,
    size,
    edges: new Map(Array.from(edges, (number) => [number, lower(number)])),
    persons: new Map(Array.from(persons, (number) => [number, links.personOf(number)])),
  }
}
