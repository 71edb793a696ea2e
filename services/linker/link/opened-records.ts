/**
 * Records of the index as the linker has opened them, in its memory: asking Redis for a record and opening it costs more than all else that is
 * done with it. The index stays the truth: only its one writer changes a record, and what it writes is written here as well.
 */
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { RecordStore } from '#core/linkage/record-store.ts'
import type { RecordVersion } from '../index/codec.ts'
import { grown } from '../index/grown.ts'

export interface OpenedRecord extends Pick<EncodedRecord, 'filters' | 'newborn'> {
  readonly id: string
  readonly label?: string | undefined
  readonly pair?: string | undefined
  readonly version: RecordVersion
  readonly source: number
}

export interface OpenedRecords {
  /** One more takes the place of another one, if the batch does not use all. */
  readonly isFull: boolean
  /** Begins a batch: what is asked for or kept from now on stays until the next one begins, even if there are more than fit. */
  begin(): void
  /** @returns the record's number in the store; undefined when it is not there */
  find(number: number): number | undefined
  /** @param number of the record in the index; an earlier version of it is written over @returns its number in the store */
  keep(number: number, record: OpenedRecord): number
  /** Forgets a record that is cancelled. */
  drop(number: number): void
  /** @param slot the record's number in the store */
  idOf(slot: number): string
  labelOf(slot: number): string | undefined
  pairOf(slot: number): string | undefined
  /** Stamp of its version. */
  stampOf(slot: number): number
  /** The record has no value that can be compared. */
  isBlank(slot: number): boolean
  sourceOf(slot: number): number
}

/** In the place of the number of a slot without a record. */
const NONE = -1

/** @param store where the filters are, and nothing else @param most records that are kept; those that came first make room */
export function openedRecords(store: RecordStore, most: number): OpenedRecords {
  // Typed arrays: of a million records, a map and objects cost a look-up for each candidate, and the garbage collection pauses.
  /** By number: the record's slot and 1; 0 where it is not there. */
  let slots = new Int32Array(1024)
  let numbers = new Int32Array(1024)
  let stamps = new Float64Array(1024)
  let sources = new Uint8Array(1024)
  let blanks = new Uint8Array(1024)
  let usedIn = new Float64Array(1024)
  const ids: string[] = []
  const labels: (string | undefined)[] = []
  /** By slot: few records have one. */
  const pairs = new Map<number, string>()
  let batch = 0
  let hand = 0

  /** @returns a slot whose record this batch has not used; undefined when it uses all */
  function free(): number | undefined {
    for (let tried = 0; tried < store.size; tried++) {
      const slot = hand
      hand = (hand + 1) % store.size
      if (usedIn[slot] !== batch) return slot
    }
    return undefined
  }

  const slotOf = (number: number) => (number < slots.length ? (slots[number] as number) - 1 : NONE)

  function slotFor(number: number, record: OpenedRecord): number {
    const known = slotOf(number)
    const slot = known === NONE ? (store.size < most ? undefined : free()) : known
    if (slot === undefined) return store.add(record)
    if (known === NONE && numbers[slot] !== NONE) slots[numbers[slot] as number] = 0
    store.replace(slot, record)
    return slot
  }

  function growSlots(size: number): void {
    numbers = grown(numbers, size)
    stamps = grown(stamps, size)
    sources = grown(sources, size)
    blanks = grown(blanks, size)
    usedIn = grown(usedIn, size)
  }

  return {
    get isFull() {
      return store.size >= most
    },
    begin() {
      batch++
    },
    find(number) {
      const slot = slotOf(number)
      if (slot === NONE) return undefined
      usedIn[slot] = batch
      return slot
    },
    keep(number, record) {
      const slot = slotFor(number, record)
      slots = grown(slots, number + 1)
      growSlots(slot + 1)
      slots[number] = slot + 1
      numbers[slot] = number
      ids[slot] = record.id
      labels[slot] = record.label
      if (record.pair === undefined) pairs.delete(slot)
      else pairs.set(slot, record.pair)
      stamps[slot] = record.version.stamp
      sources[slot] = record.source
      blanks[slot] = !record.newborn && record.filters.every((word) => word === 0) ? 1 : 0
      usedIn[slot] = batch
      return slot
    },
    drop(number) {
      const slot = slotOf(number)
      if (slot === NONE) return
      slots[number] = 0
      numbers[slot] = NONE
    },
    idOf: (slot) => ids[slot] as string,
    labelOf: (slot) => labels[slot],
    pairOf: (slot) => pairs.get(slot),
    stampOf: (slot) => stamps[slot] as number,
    isBlank: (slot) => blanks[slot] === 1,
    sourceOf: (slot) => sources[slot] as number,
  }
}
