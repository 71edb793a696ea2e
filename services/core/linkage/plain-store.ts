/** The same comparison on the sets of features themselves, without filters: shows what the encoding costs (`link evaluate --plain`). */
import { featuresOf } from './features.ts'
import type { Layout } from './layout.ts'
import { NEWBORN } from './normalise-traits.ts'
import { EQUAL, fingerprintOf, MISSING, type Similarities } from './record-store.ts'
import type { Traits } from './traits.ts'

export interface PlainStore extends Similarities {
  /** @param traits normal forms */
  add(traits: Traits): number
}

export function plainStore(layout: Layout): PlainStore {
  const { fields } = layout
  const numbers = new Map<string, number>()
  const values = new Map<string, number>()
  const sets = fields.map(() => new Map<string, Int32Array>())
  const records: (Int32Array | undefined)[][] = []
  const codes: number[][] = []
  const newborn: boolean[] = []

  const numberOf = (feature: string) => {
    let number = numbers.get(feature)
    if (number === undefined) numbers.set(feature, (number = numbers.size + 1))
    return number
  }
  // Not a number in the order of arrival: a model keeps frequencies by fingerprint, and is used in another order.
  const codeOf = (text: string) => {
    let code = values.get(text)
    if (code === undefined) {
      const letters = Int32Array.from(text, (letter) => letter.codePointAt(0) ?? 0)
      values.set(text, (code = fingerprintOf(letters, 0, letters.length)))
    }
    return code
  }
  function setOf(field: number, value: string): Int32Array {
    const { trait, domain } = fields[field] as Layout['fields'][number]
    let set = sets[field]?.get(value)
    if (!set) {
      set = Int32Array.from(featuresOf(trait, value), (feature) => numberOf(`${domain}\0${feature}`)).toSorted()
      sets[field]?.set(value, set)
    }
    return set
  }

  return {
    add(traits) {
      const known = fields.map(({ trait }) => {
        const value = traits[trait]
        return value === undefined || value === NEWBORN ? undefined : value
      })
      records.push(known.map((value, field) => (value === undefined ? undefined : setOf(field, value))))
      codes.push(known.map((value, field) => (value === undefined ? 0 : codeOf(`${fields[field]?.domain}\0${value}`))))
      newborn.push(traits.given_name === NEWBORN)
      return records.length - 1
    },
    similarity(record, field, other, otherField) {
      const a = records[record]?.[field]
      const b = records[other]?.[otherField]
      if (!a || !b) return MISSING
      if (codes[record]?.[field] === codes[other]?.[otherField]) return EQUAL
      return (2 * inBoth(a, b)) / (a.length + b.length)
    },
    overlap(record, field, other, otherField) {
      const a = records[record]?.[field]
      const b = records[other]?.[otherField]
      return a && b ? inBoth(a, b) / Math.min(a.length, b.length) : 0
    },
    isNewborn: (record) => newborn[record] ?? false,
    fingerprint: (record, field) => codes[record]?.[field] ?? 0,
  }
}

/** @param a sorted @param b sorted */
function inBoth(a: Int32Array, b: Int32Array): number {
  let both = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i] as number
    const y = b[j] as number
    if (x === y) both++
    if (x <= y) i++
    if (y <= x) j++
  }
  return both
}
