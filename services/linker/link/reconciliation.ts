/**
 * What limits have left open, closed in bounded steps while no batch is under way. A step reads, compares and writes; the marks go with what it writes, so whatever a process leaves is
 * done by the next one, and a step that is done twice changes nothing.
 */
import type { Around, LinkIndex, StoredComponent } from '../index/link-index.ts'
import { LINK, MOST_RECORDS } from './component.ts'
import { type Correction, correctionOf, REPORTED } from './corrections.ts'
import type { Decisions } from './decisions.ts'
import type { LinkerCounts, LinkerOptions } from './linker.ts'
import type { OpenedRecords } from './opened-records.ts'

const PARTS_AT_ONCE = 100
const EDGES_OF = 64

export interface ReconciliationTools {
  readonly index: LinkIndex
  readonly onePerSource: boolean
  readonly opened: OpenedRecords
  readonly counts: LinkerCounts
  readonly openAll: (numbers: Iterable<number>) => Promise<void>
  /** @param one a number of the store, as `other` */
  readonly weight: (one: number, other: number) => number
  /** @returns for each member of the component, or of the part of it that is small enough, the first record of its person */
  readonly group: (found: StoredComponent) => Promise<ReadonlyMap<number, number>>
  readonly decisions: Decisions
  /** @returns the id as the index has it */
  readonly idOf: (id: string) => Buffer
  /** Makes the persons of marked records again. */
  readonly recover: () => Promise<number>
}

export function reconciliation(tools: ReconciliationTools) {
  const { index, onePerSource, opened, counts, openAll, weight, group, decisions, idOf, recover } = tools

  /** @returns for each record those about which something was decided together with it */
  async function partnersOf(numbers: readonly number[]): Promise<readonly (readonly number[])[]> {
    const made: number[][] = []
    for (const number of numbers) {
      const slot = opened.find(number)
      const ids = slot === undefined || decisions.isEmpty ? [] : [...decisions.partnersOf(opened.idOf(slot))]
      made.push(ids.length === 0 ? [] : await index.numbersOf(ids.map((id) => idOf(id))))
    }
    return made
  }

  /** Corrects the edges of these records now, whatever else is marked. */
  async function correct(numbers: readonly number[], onPair: LinkerOptions['onPair']): Promise<void> {
    const around = await index.around(numbers, onePerSource)
    await openAll(numbers)
    const decided = await partnersOf(numbers)
    await openAll([...around.flatMap(({ candidates }) => candidates), ...decided.flat()])
    const corrections = new Map<number, Correction>()
    for (const [at, number] of numbers.entries()) {
      const { candidates, edges } = around[at] as Around
      const own = opened.find(number)
      const weightWith = (other: number) => {
        const slot = opened.find(other)
        // One of them is cancelled.
        if (own === undefined || slot === undefined) return Number.NEGATIVE_INFINITY
        const value = weight(slot, own)
        counts.reconciled++
        if (value > REPORTED) onPair(other, number, value)
        return value
      }
      corrections.set(number, correctionOf(new Set([...candidates, ...(decided[at] ?? [])]), edges, weightWith))
    }
    await index.correct(corrections)
    await recover()
  }

  /** @returns all records that edges connect with one */
  async function connectedWith(number: number): Promise<readonly number[]> {
    const found = new Set([number])
    for (let next: readonly number[] = [number]; next.length > 0; ) {
      const around = await index.around(next.slice(0, EDGES_OF), onePerSource)
      const others = new Set(around.flatMap(({ edges }) => [...edges.keys()]).filter((other) => !found.has(other)))
      for (const other of others) found.add(other)
      next = [...next.slice(EDGES_OF), ...others]
    }
    return [...found]
  }

  /** Makes the persons of all parts of a component again: an arrival makes those of its own part only. */
  async function regroup(number: number): Promise<void> {
    const members = await connectedWith(number)
    const done = new Set<number>()
    let made: ReadonlyMap<number, number>[] = []
    for (const member of members) {
      if (done.has(member)) continue
      opened.begin()
      for (const found of await index.components([member], LINK, MOST_RECORDS)) {
        const persons = await group(found)
        for (const one of persons.keys()) done.add(one)
        made.push(persons)
      }
      if (made.length < PARTS_AT_ONCE) continue
      await index.writePersons(made)
      made = []
    }
    await index.writePersons(made)
    await index.flag('split', members, false)
  }

  /** @param most records that met a limit @returns how many records were looked at; 0 when none is left */
  async function reconcileSome(most: number, onPair: LinkerOptions['onPair']): Promise<number> {
    const numbers = await index.flagged('limited', most)
    if (numbers.length > 0) await correct(numbers, onPair)
    const split = numbers.length > 0 ? [] : await index.flagged('split', 1)
    for (const number of split) await regroup(number)
    return numbers.length + split.length
  }

  return { correct, reconcileSome }
}
