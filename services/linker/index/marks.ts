/** Marks of records in memory, a bit each, as Redis has them: the first record of a byte is its highest bit. */
import { grown } from './grown.ts'

export interface Marks {
  /** How many records are marked. */
  readonly size: number
  /** @returns whether it is another one than before */
  set(number: number, isMarked: boolean): boolean
  /** @returns numbers of marked records, rising; at most so many */
  first(most: number): readonly number[]
  /** @param from number of a record, a multiple of 8 @returns the bytes of so many records */
  bytes(from: number, records: number): Buffer
}

const HIGHEST = 0x80

/** @param stored bytes of marked records */
export function marks(stored: Uint8Array): Marks {
  let bits = Uint8Array.from(stored)
  let size = 0
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) size++
  /** No byte below it has a mark. */
  let lowest = 0

  return {
    get size() {
      return size
    },
    set(number, isMarked) {
      const at = number >> 3
      const bit = HIGHEST >> (number & 7)
      if (isMarked) bits = grown(bits, at + 1)
      if ((((bits[at] ?? 0) & bit) !== 0) === isMarked) return false
      bits[at] = (bits[at] as number) ^ bit
      size += isMarked ? 1 : -1
      lowest = Math.min(lowest, at)
      return true
    },
    first(most) {
      const found: number[] = []
      if (size === 0) return found
      while (bits[lowest] === 0) lowest++
      for (let at = lowest; at < bits.length && found.length < most; at++)
        for (let bit = 0; bit < 8 && found.length < most; bit++)
          if (((bits[at] as number) & (HIGHEST >> bit)) !== 0) found.push(8 * at + bit)
      return found
    },
    bytes(from, records) {
      const own = Buffer.alloc(records / 8)
      own.set(bits.subarray(from / 8, (from + records) / 8))
      return own
    },
  }
}
