/** Where each trait's Bloom filter is in the encoding of a record: sizes in bits, and hash functions per feature (k). */
import { TRAITS, type Trait } from './traits.ts'

interface Size {
  readonly bits: number
  readonly k: number
}

/** A value of ten letters has eleven bigrams: at these sizes a third of the bits is set, where the estimate of Dice is best. */
const SIZES: Readonly<Partial<Record<Trait, Size>>> = {
  given_name: { bits: 256, k: 8 },
  family_name: { bits: 256, k: 8 },
  birth_name: { bits: 256, k: 8 },
  street: { bits: 256, k: 8 },
  city: { bits: 128, k: 6 },
  birth_date: { bits: 128, k: 4 },
  national_id: { bits: 128, k: 4 },
  // Compared with the given name, so of its size.
  middle_name: { bits: 256, k: 8 },
  birth_place: { bits: 128, k: 6 },
  unit: { bits: 128, k: 6 },
  email: { bits: 128, k: 4 },
}
const OTHER: Size = { bits: 64, k: 4 }

export interface Field extends Size {
  readonly trait: Trait
  /** In 32-bit words. */
  readonly offset: number
  readonly words: number
  /** Fields with one domain have one key: their values can be compared with each other. */
  readonly domain: string
}

export interface Layout {
  /** In the order of the traits. */
  readonly fields: readonly Field[]
  /** 32-bit words of all filters of a record. */
  readonly words: number
}

const NAMES: ReadonlySet<Trait> = new Set(['given_name', 'family_name', 'birth_name', 'middle_name'])

/** @param traits that the records have; the filters of all others take no room */
export function layoutOf(traits: ReadonlySet<Trait>): Layout {
  const fields: Field[] = []
  let words = 0
  for (const trait of TRAITS) {
    if (!traits.has(trait)) continue
    const size = SIZES[trait] ?? OTHER
    fields.push({ trait, ...size, offset: words, words: size.bits / 32, domain: NAMES.has(trait) ? 'name' : trait })
    words += size.bits / 32
  }
  return { fields, words }
}
