/** Edges between records, and the person of each. In memory, 8 bytes a record and 32 an edge. */
import { grown } from './grown.ts'

export interface Graph {
  /** @param records numbers below it can be used */
  grow(records: number): void
  /** @returns whether the edge is new, or has another weight than before */
  connect(a: number, b: number, weight: number): boolean
  /** @returns whether there was an edge */
  cut(a: number, b: number): boolean
  /** Removes all edges of a record. @returns with whom it had them */
  disconnect(number: number): readonly number[]
  edgesOf(number: number): ReadonlyMap<number, number>
  hasEdge(number: number): boolean
  /** @returns the records that edges above a weight connect with one; undefined when there are more than `most` */
  component(number: number, above: number, most: number): readonly number[] | undefined
  /** @returns number of the person's first record */
  personOf(number: number): number
  setPerson(number: number, person: number): void
}

const NONE = -1

export function graph(): Graph {
  let size = 0
  let firsts = new Int32Array(1024)
  let persons = new Int32Array(1024)
  // An edge is an entry for each of its two records.
  let others = new Int32Array(1024)
  let weights = new Float64Array(1024)
  let nexts = new Int32Array(1024)
  let entries = 0
  let free = NONE

  function entryOf(from: number, to: number): number {
    let entry = firsts[from] as number
    while (entry !== NONE && others[entry] !== to) entry = nexts[entry] as number
    return entry
  }

  function add(from: number, to: number, weight: number): void {
    let entry = free
    if (entry === NONE) {
      entry = entries++
      others = grown(others, entries)
      weights = grown(weights, entries)
      nexts = grown(nexts, entries)
    } else free = nexts[entry] as number
    others[entry] = to
    weights[entry] = weight
    nexts[entry] = firsts[from] as number
    firsts[from] = entry
  }

  function remove(from: number, to: number): void {
    let before = NONE
    let entry = firsts[from] as number
    while (others[entry] !== to) {
      before = entry
      entry = nexts[entry] as number
    }
    if (before === NONE) firsts[from] = nexts[entry] as number
    else nexts[before] = nexts[entry] as number
    nexts[entry] = free
    free = entry
  }

  return {
    grow(records) {
      firsts = grown(firsts, records)
      persons = grown(persons, records)
      for (; size < records; size++) {
        firsts[size] = NONE
        persons[size] = size
      }
    },
    connect(a, b, weight) {
      const known = entryOf(a, b)
      if (known === NONE) {
        add(a, b, weight)
        add(b, a, weight)
        return true
      }
      if (weights[known] === weight) return false
      weights[known] = weight
      weights[entryOf(b, a)] = weight
      return true
    },
    cut(a, b) {
      if (entryOf(a, b) === NONE) return false
      remove(a, b)
      remove(b, a)
      return true
    },
    disconnect(number) {
      const found: number[] = []
      for (let entry = firsts[number] as number; entry !== NONE; entry = nexts[entry] as number)
        found.push(others[entry] as number)
      for (const other of found) {
        remove(other, number)
        remove(number, other)
      }
      return found
    },
    edgesOf(number) {
      const found = new Map<number, number>()
      for (let entry = firsts[number] as number; entry !== NONE; entry = nexts[entry] as number)
        found.set(others[entry] as number, weights[entry] as number)
      return found
    },
    hasEdge: (number) => firsts[number] !== NONE,
    component(number, above, most) {
      const members = [number]
      const seen = new Set(members)
      for (const one of members)
        for (let entry = firsts[one] as number; entry !== NONE; entry = nexts[entry] as number) {
          const other = others[entry] as number
          if ((above > 0 && (weights[entry] as number) <= above) || seen.has(other)) continue
          if (members.length === most) return undefined
          seen.add(other)
          members.push(other)
        }
      return members
    },
    personOf: (number) => persons[number] as number,
    setPerson(number, person) {
      persons[number] = person
    },
  }
}
