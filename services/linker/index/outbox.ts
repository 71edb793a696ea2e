/** What is to be told of records: that they are new, cancelled, or of another person, since they were told last. */
import type { PersonChange } from '#core/contract/person-link.ts'
import type { Graph } from './graph.ts'
import type { KnownRecords } from './known-records.ts'

/** A record that is to be told of. */
export interface Untold {
  /** For those who are told it is of no person: it is new, or came back after its cancellation. */
  readonly isNew: boolean
  /** First record of the person that it was told to be of, if it has left it since. */
  readonly left: number | undefined
}

export interface OutboxEntry {
  readonly number: number
  /** Number of its person's first record; undefined for a cancelled record. */
  readonly person: number | undefined
  /** Of its strongest edge within the person, certain ones last; undefined when it has none. */
  readonly weight: number | undefined
  readonly linkVersion: number
  /** First record of the person that it was told to be of; undefined where that is the same, or it was of none. */
  readonly left: number | undefined
  /** What became of that person; empty where there is none. */
  readonly change: PersonChange
}

export interface Outbox {
  note(number: number): void
  /** It is of no person for those who are told. */
  noteNew(number: number): void
  /** @param was the person that the record leaves */
  leave(number: number, was: number): void
  get(number: number): Untold | undefined
  /** @param certain an edge of this weight says less than any other; a higher one is decided, and says more */
  entries(now: number, most: number, certain: number): readonly OutboxEntry[]
  told(number: number): void
  /** Of the record that was told last: rises with each, and is not below the time. */
  readonly linkVersion: number
}

export interface OutboxState {
  readonly untold: Map<number, Untold>
  readonly linkVersion: number
}

/** @param onChange receives the number of a record of which something else is to be told than before; undefined: nothing is noted */
export function outbox(
  { untold, ...stored }: OutboxState,
  { known, links }: { readonly known: KnownRecords; readonly links: Graph },
  onChange: ((number: number) => void) | undefined,
): Outbox {
  let { linkVersion } = stored

  function keep(number: number, one: Untold): void {
    if (!onChange) return
    untold.set(number, one)
    onChange(number)
  }

  function strongest(number: number, person: number, certain: number): number | undefined {
    let weight: number | undefined
    let highest = -1
    for (const [other, own] of links.edgesOf(number)) {
      const counted = own === certain ? 0 : own
      if (counted <= highest || links.personOf(other) !== person) continue
      weight = own
      highest = counted
    }
    return weight
  }

  function changeOf(left: number, person: number | undefined): PersonChange {
    if (person === undefined) return 'cancelled'
    if (links.personOf(left) === left && !known.isCancelled(left)) return 'split'
    const first = untold.get(person)
    const isNew = first && (first.isNew || (first.left !== undefined && first.left !== person))
    return isNew ? 'rename' : 'merge'
  }

  function entryOf(number: number, { isNew, left }: Untold, certain: number): OutboxEntry {
    linkVersion++
    const person = known.isCancelled(number) ? undefined : links.personOf(number)
    const weight = person === undefined ? undefined : strongest(number, person, certain)
    const entry = { number, person, weight, linkVersion }
    if (isNew || left === undefined || left === person) return { ...entry, left: undefined, change: '' }
    return { ...entry, left, change: changeOf(left, person) }
  }

  return {
    note(number) {
      if (!untold.has(number)) keep(number, { isNew: false, left: undefined })
    },
    noteNew(number) {
      keep(number, { isNew: true, left: undefined })
    },
    leave(number, was) {
      const before = untold.get(number)
      // The first one since it was told is kept.
      if (!before || (!before.isNew && before.left === undefined)) keep(number, { isNew: false, left: was })
    },
    get: (number) => untold.get(number),
    entries(now, most, certain) {
      linkVersion = Math.max(linkVersion, now)
      const entries: OutboxEntry[] = []
      for (const [number, one] of untold) {
        if (entries.length === most) break
        entries.push(entryOf(number, one, certain))
      }
      return entries
    },
    told(number) {
      untold.delete(number)
      onChange?.(number)
    },
    get linkVersion() {
      return linkVersion
    },
  }
}
