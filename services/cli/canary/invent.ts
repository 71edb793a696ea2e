/**
 * Invented identities. What they are made of exists nowhere else, so that a canary that is found is a leak, and belongs to nobody: no person,
 * subscriber or professional has these numbers, and none is linked with a canary.
 */
import { createHash } from 'node:crypto'

export interface Inventor {
  /** Letters in mixed case, because normalisation of names keeps letters; each begins with `Zqx`. */
  word(): string
  /** Such a word with accents. */
  accented(): string
  /** A valid NIR: of a woman born in a foreign country whose code INSEE has given to none. */
  nir(): string
  /** 11 digits of a French mobile number with its calling code: of those that ARCEP leaves for works of fiction (06 39 98). */
  mobile(): string
  /** 11 digits: an RPPS begins with 8 or 1. */
  rpps(): string
  /** A number of a patient, 12 digits. */
  ipp(): string
  digits(count: number): string
}

const FIRST_COUNTRY = 600
const COUNTRIES = 300
const LETTERS = 13

/** @param seed the same seed gives the same identities, in the same order */
export function inventor(seed: string): Inventor {
  const next = bytesOf(seed)
  const digits = (count: number) => Array.from({ length: count }, () => next() % 10).join('')
  const letters = (count: number) => String.fromCharCode(...Array.from({ length: count }, () => 97 + (next() % 26)))
  const within = (first: number, count: number) => first + (((next() << 8) | next()) % count)
  const padded = (value: number, length: number) => String(value).padStart(length, '0')
  return {
    word: () => `Zqx${letters(LETTERS)}`,
    accented: () => `Zqxé${letters(LETTERS - 1)}`,
    nir() {
      const month = padded(within(1, 12), 2)
      const first13 = `2${digits(2)}${month}99${within(FIRST_COUNTRY, COUNTRIES)}${padded(within(1, 999), 3)}`
      return nirOf(first13)
    },
    mobile: () => `3363998${digits(4)}`,
    rpps: () => `99${digits(9)}`,
    ipp: () => `7${digits(6)}39281`,
    digits,
  }
}

/** @param first13 a NIR without its key @returns all 15 characters */
export function nirOf(first13: string): string {
  return `${first13}${String(97 - (Number(first13) % 97)).padStart(2, '0')}`
}

/** @returns a function with one byte after the other: SHA-256 of the seed and a counter */
function bytesOf(seed: string): () => number {
  let block = Buffer.alloc(0)
  let at = 0
  let count = 0
  return () => {
    if (at === block.length) {
      block = createHash('sha256').update(`${count++}\0${seed}`).digest()
      at = 0
    }
    return block[at++] ?? 0
  }
}
