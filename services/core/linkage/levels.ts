/**
 * Agreement levels of two records, field by field: `differ`, the steps of similarity, `equal`, and what is special to names. A level is
 * a number from 0; MISSING when one of the two has no value.
 */
import type { Layout } from './layout.ts'
import { EQUAL, MISSING, type Similarities } from './record-store.ts'
import type { Trait } from './traits.ts'

/** Where the steps of similarity begin, on the Dice coefficient, lowest first. */
const CUTS: Readonly<Partial<Record<Trait, readonly number[]>>> = {
  given_name: [0.3, 0.45, 0.6, 0.75],
  family_name: [0.3, 0.45, 0.6, 0.75],
  middle_name: [0.45, 0.7],
  street: [0.4, 0.6, 0.8],
  city: [0.5, 0.75],
  birth_place: [0.5, 0.75],
  unit: [0.4, 0.7],
  // One wrong digit .66 to .8, one wrong part .55, day and month swapped .4.
  birth_date: [0.25, 0.4, 0.55, 0.66],
  street_number: [0.4],
  postcode: [0.5, 0.7],
  phone: [0.7],
  // One wrong letter .7 and more; two of one family and one provider .45.
  email: [0.5],
}
/** Numbers that are similar say nothing: a wrong digit, or twins, who have consecutive numbers. */
const SIMILAR_NUMBER = 0.5
/**
 * Names are swapped when each has so much of the other one. Not Dice: a given name is the first of several, and of a family name that
 * was written in its place the first word.
 */
const SWAP_OVERLAP = 0.6

/** What is special to a field, above `equal`. */
const SPECIAL: Readonly<Partial<Record<Trait, readonly string[]>>> = {
  // Given and family name swapped; the one's given name is the other's middle name; one, or both, are newborns without a name.
  given_name: ['swapped', 'other', 'newborn', 'newborns'],
  // Equal only if one's name at birth is the other's used name, or by the used names.
  family_name: ['other'],
}

export interface ComparedField {
  readonly trait: Trait
  readonly cuts: readonly number[]
  readonly levels: readonly string[]
  /** The level `equal`. */
  readonly top: number
}

/** The name at birth is compared together with the used name. */
export function comparedFields(layout: Layout): readonly ComparedField[] {
  return layout.fields
    .filter(({ trait }) => trait !== 'birth_name')
    .map(({ trait }) => {
      const cuts = CUTS[trait] ?? []
      const levels = ['differ', ...cuts.map((cut) => `similar ${cut}`), 'equal', ...(SPECIAL[trait] ?? [])]
      return { trait, cuts, levels, top: cuts.length + 1 }
    })
}

/** Writes the levels of two records, one for each compared field. */
export type Compare = (a: number, b: number, levels: Int8Array) => void

export function comparer(store: Similarities, layout: Layout): Compare {
  const fields = comparedFields(layout)
  const at = (trait: Trait) => layout.fields.findIndex((field) => field.trait === trait)
  const stored = Int32Array.from(fields, ({ trait }) => at(trait))
  const cuts = fields.map((field) => Float64Array.from(field.cuts))
  const [given, family, birth, middle] = [at('given_name'), at('family_name'), at('birth_name'), at('middle_name')]
  const number = at('national_id')
  const givenAt = fields.findIndex(({ trait }) => trait === 'given_name')
  const familyAt = fields.findIndex(({ trait }) => trait === 'family_name')
  const givenTop = fields[givenAt]?.top ?? 0
  const familyTop = fields[familyAt]?.top ?? 0

  const isSimilarNumber = (similarity: number) => similarity >= SIMILAR_NUMBER && similarity !== EQUAL

  function levelOf(similarity: number, field: number): number {
    const steps = cuts[field] as Float64Array
    if (similarity < 0) return MISSING
    if (similarity === EQUAL) return steps.length + 1
    let level = 0
    while (level < steps.length && similarity >= (steps[level] as number)) level++
    return level
  }

  function familyLevel(a: number, b: number): number {
    const used = store.similarity(a, family, b, family)
    if (birth < 0) return levelOf(used, familyAt)
    const atBirth = store.similarity(a, birth, b, birth)
    const crossed = Math.max(store.similarity(a, birth, b, family), store.similarity(a, family, b, birth))
    const level = atBirth === MISSING ? levelOf(Math.max(used, crossed), familyAt) : levelOf(atBirth, familyAt)
    return level < 2 && atBirth !== MISSING && (used === EQUAL || crossed === EQUAL) ? familyTop + 1 : level
  }

  function special(a: number, b: number, levels: Int8Array): void {
    const newborns = (store.isNewborn(a) ? 1 : 0) + (store.isNewborn(b) ? 1 : 0)
    if (newborns > 0) {
      levels[givenAt] = givenTop + 2 + newborns
      return
    }
    const level = levels[givenAt] as number
    if (level < 0 || level > 1) return
    if (familyAt >= 0 && mayBeSwapped(levels[familyAt] as number) && isSwapped(a, b)) {
      levels[givenAt] = givenTop + 1
      levels[familyAt] = MISSING
    } else if (
      middle >= 0 &&
      (store.similarity(a, given, b, middle) === EQUAL || store.similarity(a, middle, b, given) === EQUAL)
    )
      levels[givenAt] = givenTop + 2
  }

  // The used name is right beside a name at birth that was swapped with the given name.
  const mayBeSwapped = (familyLevel: number) => (familyLevel >= 0 && familyLevel <= 1) || familyLevel > familyTop

  function isSwapped(a: number, b: number): boolean {
    const one = birth < 0 ? MISSING : birth
    return crossed(a, b, family) || (one >= 0 && crossed(a, b, one))
  }

  function crossed(a: number, b: number, name: number): boolean {
    return store.overlap(a, given, b, name) >= SWAP_OVERLAP && store.overlap(a, name, b, given) >= SWAP_OVERLAP
  }

  return function compare(a, b, levels) {
    for (let f = 0; f < stored.length; f++) {
      const field = stored[f] as number
      if (field === number && isSimilarNumber(store.similarity(a, field, b, field))) levels[f] = MISSING
      else levels[f] = f === familyAt ? familyLevel(a, b) : levelOf(store.similarity(a, field, b, field), f)
    }
    if (givenAt >= 0) special(a, b, levels)
  }
}

/**
 * The value that two records share in a field at the level `equal`. Names at birth and used names are compared across: the value is then
 * not in the same field of both, and it must be the same whichever record comes first.
 *
 * @returns its fingerprint
 */
export function agreedValue(store: Similarities, layout: Layout): (a: number, b: number, field: number) => number {
  const at = (trait: Trait) => layout.fields.findIndex((field) => field.trait === trait)
  const stored = Int32Array.from(comparedFields(layout), ({ trait }) => at(trait))
  const [family, birth] = [at('family_name'), at('birth_name')]

  return function agreed(a, b, field) {
    const own = stored[field] as number
    if (own !== family || birth < 0) return store.fingerprint(a, own)
    const [atBirth, theirs] = [store.fingerprint(a, birth), store.fingerprint(b, birth)]
    if (atBirth !== 0 && theirs !== 0) return atBirth
    const used = store.fingerprint(a, family)
    // One has no name at birth: the value is the used name of both, or the other one's name at birth.
    return used !== 0 && (used === store.fingerprint(b, family) || used === theirs) ? used : atBirth
  }
}
