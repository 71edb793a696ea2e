/**
 * Records of the index as the linker has opened them, in its memory: asking Redis for a record and opening it costs more than all else that is
 * done with it. The index stays the truth: only its one writer changes a record, and what it writes is written here as well.
 */
import type { EncodedRecord } from '#core/linkage/encode.ts'
import type { RecordStore } from '#core/linkage/record-store.ts'
import type { RecordVersion } from '../index/codec.ts'

export interface OpenedRecord extends Pick<EncodedRecord, 'filters' | 'newborn'> {
  readonly id: string
  readonly label?: string | undefined
  readonly pair?: string | undefined
  readonly version: RecordVersion
  readonly source: number
}

export interface OpenedRecords {
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
  versionOf(slot: number): RecordVersion
  /** The record has no value that can be compared. */
  isBlank(slot: number): boolean
  sourceOf(slot: number): number
}

const NONE = -1

/** @param store where the filters are, and nothing else @param most records that are kept; those that came first make room */
export function openedRecords(store: RecordStore, most: number): OpenedRecords {
  const slots = new Map<number, number>()
  const numbers: number[] = []
  const ids: string[] = []
  const labels: (string | undefined)[] = []
  /** By slot: few records have one. */
  const pairs = new Map<number, string>()
  const versions: RecordVersion[] = []
  const sources: number[] = []
  const blanks: boolean[] = []
  const usedIn: number[] = []
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

  function slotFor(number: number, record: OpenedRecord): number {
    const known = slots.get(number)
    const slot = known ?? (store.size < most ? undefined : free())
    if (slot === undefined) return store.add(record)
    if (known === undefined) slots.delete(numbers[slot] as number)
    store.replace(slot, record)
    return slot
  }

  return {
    begin() {
      batch++
    },
    find(number) {
      const slot = slots.get(number)
      if (slot !== undefined) usedIn[slot] = batch
      return slot
    },
    keep(number, record) {
      const slot = slotFor(number, record)
      slots.set(number, slot)
      numbers[slot] = number
      ids[slot] = record.id
      labels[slot] = record.label
      if (record.pair === undefined) pairs.delete(slot)
      else pairs.set(slot, record.pair)
      versions[slot] = record.version
      sources[slot] = record.source
      blanks[slot] = !record.newborn && record.filters.every((word) => word === 0)
      usedIn[slot] = batch
      return slot
    },
    drop(number) {
      const slot = slots.get(number)
      slots.delete(number)
      if (slot !== undefined) numbers[slot] = NONE
    },
    idOf: (slot) => ids[slot] as string,
    labelOf: (slot) => labels[slot],
    pairOf: (slot) => pairs.get(slot),
    versionOf: (slot) => versions[slot] as RecordVersion,
    isBlank: (slot) => blanks[slot] as boolean,
    sourceOf: (slot) => sources[slot] as number,
  }
}
