/** The encoded records of a linker in memory: filters, their fill, and how similar two values are. */
import type { EncodedRecord } from './encode.ts'
import type { Field, Layout } from './layout.ts'

/** `similarity`: a value is missing. */
export const MISSING = -1
/** `similarity`: the values are equal. */
export const EQUAL = 2

/** How similar the values of stored records are; records have the numbers 0, 1, 2... */
export interface Similarities {
  /** @returns MISSING, EQUAL, or the estimated Dice coefficient of two values of one size and domain, from 0 to 1 */
  similarity(record: number, field: number, other: number, otherField: number): number
  /** @returns the estimated share of the smaller value's features that the other one has, from 0 to 1; 0 when one is missing */
  overlap(record: number, field: number, other: number, otherField: number): number
  isNewborn(record: number): boolean
  /** @returns 32 bits that equal values share; 0 when missing. Two values of a million have the same by chance 1 in 4000 times. */
  fingerprint(record: number, field: number): number
}

export interface RecordStore extends Similarities {
  readonly size: number
  /** @returns the record's number */
  add(record: Pick<EncodedRecord, 'filters' | 'newborn'>): number
  /** Writes another record in place of one. */
  replace(number: number, record: Pick<EncodedRecord, 'filters' | 'newborn'>): void
}

/** A filter that is full has no estimate: half a bit is left. */
const LEAST_FREE_BITS = 0.5

/** @returns a store of filters, which grows */
export function filterStore(layout: Layout): RecordStore {
  const { fields, words: stride } = layout
  const count = fields.length
  let capacity = 1024
  let filters = new Int32Array(capacity * stride)
  let fills = new Uint16Array(capacity * count)
  let newborn = new Uint8Array(capacity)
  let size = 0
  // Expected number of features of a filter with n bits set, in units of bits / k (S. Swamidass, P. Baldi, J. Chem. Inf. Model. 47, 2007).
  const estimates = fields.map(({ bits }) =>
    Float64Array.from(
      { length: bits + 1 },
      (_, n) => -Math.log1p(-Math.min(Math.max(n, 1), bits - LEAST_FREE_BITS) / bits),
    ),
  )

  function grow(): void {
    capacity *= 2
    const larger = new Int32Array(capacity * stride)
    larger.set(filters)
    filters = larger
    const fill = new Uint16Array(capacity * count)
    fill.set(fills)
    fills = fill
    const flags = new Uint8Array(capacity)
    flags.set(newborn)
    newborn = flags
  }

  function replace(number: number, record: Pick<EncodedRecord, 'filters' | 'newborn'>): void {
    filters.set(record.filters, number * stride)
    newborn[number] = record.newborn ? 1 : 0
    for (let at = 0; at < count; at++) {
      const { offset, words } = fields[at] as Field
      let bits = 0
      for (let w = offset; w < offset + words; w++) bits += popcount(record.filters[w] as number)
      fills[number * count + at] = bits
    }
  }

  function bitsInBoth(record: number, one: Field, other: number, two: Field): number {
    let both = 0
    let q = other * stride + two.offset
    const start = record * stride + one.offset
    for (let p = start; p < start + one.words; p++, q++)
      both += popcount((filters[p] as number) & (filters[q] as number))
    return both
  }

  return {
    get size() {
      return size
    },
    add(record) {
      if (size === capacity) grow()
      replace(size, record)
      return size++
    },
    replace,
    similarity(record, field, other, otherField) {
      const a = fills[record * count + field] as number
      const b = fills[other * count + otherField] as number
      if (a === 0 || b === 0) return MISSING
      const one = fields[field]
      const two = fields[otherField]
      if (!one || !two) return MISSING
      const both = bitsInBoth(record, one, other, two)
      if (both === a && both === b) return EQUAL
      const e = estimates[field] as Float64Array
      const ea = e[a] as number
      const eb = e[b] as number
      const union = e[Math.min(a + b - both, one.bits)] as number
      return Math.min(1, Math.max(0, (2 * (ea + eb - union)) / (ea + eb)))
    },
    overlap(record, field, other, otherField) {
      const one = fields[field]
      const two = fields[otherField]
      if (!one || !two) return 0
      const a = fills[record * count + field] as number
      const b = fills[other * count + otherField] as number
      if (a === 0 || b === 0) return 0
      // Bits of a feature that the other value lacks are set there by others of its features as often as any bit is.
      const chance = Math.max(a, b) / one.bits
      return Math.max(0, (bitsInBoth(record, one, other, two) / Math.min(a, b) - chance) / (1 - chance))
    },
    isNewborn: (record) => newborn[record] === 1,
    fingerprint(record, field) {
      const one = fields[field]
      if (!one || fills[record * count + field] === 0) return 0
      return fingerprintOf(filters, record * stride + one.offset, one.words)
    },
  }
}

/** @returns 32 bits of some words (FNV-1a by words with a final mix), never 0 */
export function fingerprintOf(all: Int32Array, offset: number, words: number): number {
  let hash = 0x811c9dc5
  for (let w = offset; w < offset + words; w++) {
    hash = Math.imul(hash ^ (all[w] as number), 0x01000193)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0 || 1
}

/** Bits set in 32 (H. Warren, Hacker's Delight, 5-2). */
function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555)
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
