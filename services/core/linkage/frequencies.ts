/**
 * How people's values are distributed: what two of them have in common by chance. From encodings alone. Values have fingerprints, so that who has the key of the
 * encodings and a list of names reads the frequent ones: frequencies are counted where the records are, and are in no model (docs/adr/0069).
 */

import type { Layout } from './layout.ts'
import { type ComparedField, comparer } from './levels.ts'
import type { Similarities } from './record-store.ts'
import type { Trait } from './traits.ts'

export interface ValueFrequencies {
  /** Probability that two people have an equal value. */
  readonly chance: number
  /** Share of people with a value that is not listed. */
  readonly rare: number
  readonly frequent: readonly (readonly [fingerprint: number, share: number])[]
}

/** Of traits that are compared. A trait that is missing has none: its equal values weigh alike. */
export type Frequencies = Readonly<Partial<Record<Trait, ValueFrequencies>>>
export const NO_FREQUENCIES: Frequencies = {}

/** Values that are listed; the tables of all fields stay below half a megabyte. */
const MOST_FREQUENT = 4096
const LEAST_COUNT = 3
const SMOOTHING = 0.5

/**
 * @param people one record of each person, as far as they are known: two records of one person do not agree by chance
 * @returns of each compared field
 */
export function valueFrequencies(
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  people: Int32Array,
): Frequencies {
  const counted = fields.map(({ trait }) => {
    const at = layout.fields.findIndex((field) => field.trait === trait)
    const counts = new Map<number, number>()
    for (const record of people) {
      const fingerprint = store.fingerprint(record, at)
      if (fingerprint !== 0) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1)
    }
    return [trait, sharesOf(counts)] as const
  })
  return Object.fromEntries(counted)
}

/** @param counts of people, by fingerprint */
export function sharesOf(counts: ReadonlyMap<number, number>): ValueFrequencies {
  let n = 0
  let pairs = 0
  for (const count of counts.values()) {
    n += count
    pairs += count * (count - 1)
  }
  if (n < 2) return { chance: 1, rare: 1, frequent: [] }
  const frequent = [...counts]
    .filter(([, count]) => count >= LEAST_COUNT)
    .toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, MOST_FREQUENT)
  const listed = new Set(frequent.map(([fingerprint]) => fingerprint))
  let others = 0
  let squares = 0
  for (const [fingerprint, count] of counts)
    if (!listed.has(fingerprint)) {
      others += count
      squares += count * (count - 1)
    }
  return {
    chance: (pairs + SMOOTHING) / (n * (n - 1)),
    rare: others > 0 ? (squares / others + SMOOTHING) / n : SMOOTHING / n,
    frequent: frequent.map(([fingerprint, count]) => [fingerprint, (count - 1) / n] as const),
  }
}

/**
 * @param next returns a number in [0, 1)
 * @returns for each field the shares of the levels among pairs of different people; the level `equal` has the exact share
 */
export function chanceLevels(
  store: Similarities,
  layout: Layout,
  fields: readonly ComparedField[],
  people: Int32Array,
  frequencies: Frequencies,
  draws: number,
  next: () => number,
): number[][] {
  const compare = comparer(store, layout)
  const levels = new Int8Array(fields.length)
  const counts = fields.map((field) => field.levels.map(() => SMOOTHING))
  for (let draw = 0; draw < draws; draw++) {
    const a = people[Math.floor(next() * people.length)] as number
    const b = people[Math.floor(next() * people.length)] as number
    if (a === b) continue
    compare(a, b, levels)
    for (let f = 0; f < fields.length; f++) {
      const level = levels[f] as number
      const count = counts[f]
      if (level >= 0 && count) count[level] = (count[level] ?? 0) + 1
    }
  }
  return counts.map((count, f) => {
    const { top, trait } = fields[f] as ComparedField
    const equal = frequencies[trait]?.chance ?? 0
    let others = 0
    for (const [level, value] of count.entries()) if (level !== top) others += value
    return count.map((value, level) => (level === top ? equal : (value / others) * (1 - equal)))
  })
}
