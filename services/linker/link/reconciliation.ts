/**
 * What limits have left open, closed in bounded steps between batches. A step reads, compares and changes; the marks go in the one write with what it has changed, so whatever a process
 * leaves is done by the next one.
 */
import type { Around, LinkIndex, StoredComponent } from '../index/link-index.ts'
import { LINK, MOST_RECORDS } from './component.ts'
import { type Correction, correctionOf, REPORTED } from './corrections.ts'
import type { Decisions } from './decisions.ts'
import type { LinkerCounts, LinkerOptions } from './linker.ts'
import type { OpenedRecords } from './opened-records.ts'

export interface ReconciliationTools {
  readonly index: LinkIndex
  readonly onePerSource: boolean
  readonly opened: OpenedRecords
  readonly counts: LinkerCounts
  readonly openAll: (numbers: Iterable<number>) => Promise<void>
  /** @param one a number of the store, as `other` */
  readonly weight: (one: number, other: number) => number
  /** @returns for each member of the component, or of the part of it that is small enough, the first record of its person */
  readonly group: (found: StoredComponent, onWeight?: LinkerOptions['onPair']) => Promise<ReadonlyMap<number, number>>
  readonly decisions: Decisions
  /** @returns the id as the index has it */
  readonly idOf: (id: string) => Buffer
  /** Makes the persons of marked records again. */
  readonly regroup: () => Promise<void>
}

export function reconciliation(tools: ReconciliationTools) {
  const { index, onePerSource, opened, counts, openAll, weight, group, decisions, idOf, regroup } = tools

  /** @returns those about which something was decided together with the record */
  function partnersOf(number: number): readonly number[] {
    const slot = opened.find(number)
    if (slot === undefined || decisions.isEmpty) return []
    return index.numbersOf(Array.from(decisions.partnersOf(opened.idOf(slot)), idOf))
  }

  /** Corrects the edges of these records now, whatever else is marked. */
  async function correct(numbers: readonly number[], onPair: LinkerOptions['onPair']): Promise<void> {
    const around = await index.around(numbers, onePerSource)
    await openAll(numbers)
    const decided = numbers.map(partnersOf)
    await openAll([...around.flatMap(({ candidates }) => candidates), ...decided.flat()])
    const corrections = new Map<number, Correction>()
    for (const [at, number] of numbers.entries()) {
      const { candidates, edges } = around[at] as Around
      const own = opened.find(number) as number
      const weightWith = (other: number) => {
        const value = weight(opened.find(other) as number, own)
        counts.reconciled++
        if (value > REPORTED) onPair(other, number, value)
        return value
      }
      corrections.set(number, correctionOf(new Set([...candidates, ...(decided[at] ?? [])]), edges, weightWith))
    }
    index.correct(corrections)
    await regroup()
  }

  /** Makes the persons again of the components of these records, of a large one of each of its parts. */
  async function regroupOf(numbers: readonly number[], onWeight?: LinkerOptions['onPair']): Promise<void> {
    const done = new Set<number>()
    for (const number of numbers) {
      if (done.has(number)) continue
      opened.begin()
      for (const found of index.components([number], LINK, MOST_RECORDS)) {
        const persons = await group(found, onWeight)
        for (const one of persons.keys()) done.add(one)
        index.writePersons([persons])
      }
    }
  }

  /** An arrival makes the persons of its own part of a component only. */
  async function regroupParts(number: number): Promise<void> {
    const members = index.components([number], LINK, Number.POSITIVE_INFINITY).flatMap((found) => found.members)
    await regroupOf(members)
    index.flag('split', members, false)
  }

  /** @param most records that met a limit @returns how many records were looked at; 0 when none is left */
  async function reconcileSome(most: number, onPair: LinkerOptions['onPair']): Promise<number> {
    const numbers = index.flagged('limited', most)
    if (numbers.length > 0) await correct(numbers, onPair)
    const split = numbers.length > 0 ? [] : index.flagged('split', 1)
    for (const number of split) await regroupParts(number)
    return numbers.length + split.length
  }

  return { correct, reconcileSome, regroupOf }
}
