/** What is known of a patient, as the search of a text needs it. */
import type { Kind } from '../types.ts'
import { asMisread } from './misread.ts'
import { readTraits, type Trait } from './traits.ts'
import { canonical, errorsInCompound, isStreetWord, PARTICLES, partsOf, variants } from './variants.ts'

export interface Known {
  /** What a key is. */
  readonly keys: ReadonlyMap<string, Kind>
  /** The same in the form of `asMisread`. */
  readonly misread: ReadonlyMap<string, Kind>
  /** First characters of the keys of both forms: what begins otherwise is not followed. */
  readonly beginnings: ReadonlySet<string>
  /** Characters of the longest key. */
  readonly longest: number
  /** Folded words of names and places that are long enough for an error of typing. */
  readonly words: ReadonlyMap<string, Kind>
  /** Keys of names, towns and addresses of several words. */
  readonly compounds: ReadonlyMap<string, Kind>
  /** Keys that are long numbers, for one wrong figure. */
  readonly numbers: ReadonlyMap<string, Kind>
  /** First letters of the words of names, folded. */
  readonly initials: ReadonlySet<string>
}

/** Letters of a word that an error may be in, by what it is. */
const SHORTEST_WORD: Partial<Record<Kind, number>> = { name: 4, professional: 5, city: 6, address: 6, hospital: 6 }
/** Characters of a key by which it is first told. */
export const BEGINNING = 3
/** Letters and figures of a key that is looked for among letters read as figures. */
const SHORTEST_MISREAD = 4
const FIGURES = /^\d+$/
const LONG_NUMBER = /^\d{8,20}$/

/** @param value of `known` @throws TypeError that names the field that cannot be read */
export function knownOf(value: unknown): Known {
  const keys = new Map<string, Kind>()
  const misread = new Map<string, Kind>()
  const compounds = new Map<string, Kind>()
  const words = new Map<string, Kind>()
  const numbers = new Map<string, Kind>()
  const initials = new Set<string>()
  for (const trait of readTraits(value)) {
    const { kind } = trait
    for (const key of variants(trait)) {
      if (!keys.has(key)) keys.set(key, kind)
      const isSpoken = (kind === 'birth_date' || kind === 'date') && !FIGURES.test(key)
      if (key.length >= SHORTEST_MISREAD && !isSpoken) misread.set(asMisread(key), kind)
      if (LONG_NUMBER.test(key) && kind !== 'birth_date' && kind !== 'date') numbers.set(key, kind)
    }
    addWords(trait)
  }
  const all = [...keys.keys(), ...misread.keys()]
  const beginnings = new Set(all.map((key) => key.slice(0, BEGINNING)))
  const longest = Math.max(0, ...all.map(({ length }) => length))
  return { keys, misread, compounds, words, numbers, initials, beginnings, longest }

  function addWords({ kind, value: text }: Trait): void {
    const shortest = SHORTEST_WORD[kind]
    if (shortest === undefined) return
    const key = partsOf(text).map(canonical).join('')
    if (partsOf(text).length > 1 && errorsInCompound(key) > 0) compounds.set(key, kind)
    for (const part of partsOf(text)) {
      if (kind === 'name') initials.add(part.slice(0, 1))
      if (part.length < shortest || /\d/.test(part) || PARTICLES.has(part) || isStreetWord(part)) continue
      if (!words.has(part)) words.set(part, kind)
    }
  }
}
