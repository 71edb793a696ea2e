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

const SMOOTHING = 0.5

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
