/**
 * Which kinds of tokens a stored record has: the index keeps its tokens in the order of the kinds, and not their names. A token is there when all its
 * parts are, and those are known by the traits that the record has; of a birth date the year, or the day, may be unknown, which is told by how many tokens there are.
 */
import { type Part, type TokenKind, TRAIT_OF } from './tokens.ts'
import type { Trait } from './traits.ts'

/** What of a birth date is known. */
const DATES: readonly (readonly [year: boolean, day: boolean])[] = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
]

/**
 * @param has traits that the record has
 * @param count how many tokens it has
 * @returns the kinds of its tokens, in their order; undefined when the traits and the count leave it open
 */
export function tokenNames(
  kinds: readonly TokenKind[],
  has: (trait: Trait) => boolean,
  count: number,
): readonly TokenKind[] | undefined {
  const possible = DATES.map(([year, day]) =>
    kinds.filter(({ parts }) => parts.every((part) => isThere(part, year, day))),
  )
  const fitting = possible.filter((one) => one.length === count)
  const names = new Set(fitting.map((one) => one.map(({ name }) => name).join()))
  return names.size === 1 ? fitting[0] : undefined

  function isThere(part: Part, year: boolean, day: boolean): boolean {
    if (TRAIT_OF[part] === 'family_name') return has('family_name') || has('birth_name')
    if (!has(TRAIT_OF[part])) return false
    return part === 'year' ? year : part === 'day' ? day : part === 'birth' ? year && day : true
  }
}
