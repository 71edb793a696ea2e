/** Which records the index has, by the hash of their id: number, version, source, producer. In memory, some 50 bytes a record. */
import type { Members } from '#core/linkage/crowds.ts'
import { type Head, ID_BYTES, type RecordVersion } from './codec.ts'
import { grown } from './grown.ts'

export interface KnownRecords extends Members {
  readonly size: number
  /** @param id 12 bytes @returns its number */
  find(id: Buffer): number | undefined
  /** @param number that of a record that is known, or the next one */
  set(number: number, id: Buffer, head: Head): void
  /** @returns negative where the version is earlier than that of the record, 0 where it is the same, positive where it is later */
  compareVersion(version: RecordVersion, number: number): number
  isCancelled(number: number): boolean
  sourceOf(number: number): number
}

const FIRST_SLOTS = 1 << 12
const FULL = 0.6
const CANCELLED = 255

export function knownRecords(): KnownRecords {
  let size = 0
  let ids = new Uint8Array(ID_BYTES * 1024)
  let versions = new Float64Array(1024)
  let stamps = new Float64Array(1024)
  let sources = new Uint8Array(1024)
  let producers = new Int32Array(1024)
  /** Open addressing by the first word of the hash: number + 1, 0 where it is free. */
  let slots = new Int32Array(FIRST_SLOTS)

  const bytesOf = (number: number) => ids.subarray(ID_BYTES * number, ID_BYTES * (number + 1))
  function place(id: Uint8Array): number {
    const word = (id[0] as number) | ((id[1] as number) << 8) | ((id[2] as number) << 16) | ((id[3] as number) << 24)
    const mask = slots.length - 1
    for (let slot = word & mask; ; slot = (slot + 1) & mask) {
      const number = (slots[slot] as number) - 1
      if (number < 0 || isOf(number, id)) return slot
    }
  }

  /** A view of the bytes for each look-up would cost more than the look-up. */
  function isOf(number: number, id: Uint8Array): boolean {
    for (let at = 0, own = ID_BYTES * number; at < ID_BYTES; at++, own++) if (ids[own] !== id[at]) return false
    return true
  }

  function grow(): void {
    slots = new Int32Array(2 * slots.length)
    for (let number = 0; number < size; number++) slots[place(bytesOf(number))] = number + 1
  }

  return {
    get size() {
      return size
    },
    find(id) {
      const number = (slots[place(id)] as number) - 1
      return number < 0 ? undefined : number
    },
    set(number, id, head) {
      if (number === size) {
        ids = grown(ids, ID_BYTES * (number + 1))
        versions = grown(versions, number + 1)
        stamps = grown(stamps, number + 1)
        sources = grown(sources, number + 1)
        producers = grown(producers, number + 1)
        ids.set(id, ID_BYTES * number)
        size++
        if (size > slots.length * FULL) grow()
        else slots[place(id)] = size
      }
      versions[number] = head.version
      stamps[number] = head.stamp
      sources[number] = head.isCancelled ? CANCELLED : head.source
      producers[number] = head.producer
    },
    compareVersion: ({ version, stamp }, number) =>
      version - (versions[number] as number) || stamp - (stamps[number] as number),
    isCancelled: (number) => sources[number] === CANCELLED,
    sourceOf: (number) => sources[number] as number,
    producerOf: (number) => producers[number] as number,
    // By the hashes of their ids, of which only the linker has the key.
    compare(record, other) {
      for (let a = ID_BYTES * record, b = ID_BYTES * other, end = a + ID_BYTES; a < end; a++, b++)
        if (ids[a] !== ids[b]) return (ids[a] as number) - (ids[b] as number)
      return 0
    },
  }
}
