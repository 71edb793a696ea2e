/** Errors of typing: of a name or place that is known one or two letters, of a long number one figure. */
import { distance } from 'fastest-levenshtein'
import { EPONYM, FAMILY, GIVEN, MEDICAL, WORD_EN, WORD_FR } from '../lexicon/lexicon.ts'
import { GLUED, LINE_END, MARK, NUMBER, SPACED, type Tokens } from '../tokens.ts'
import type { Kind } from '../types.ts'
import type { Known } from './known.ts'
import { errorsInCompound } from './variants.ts'

/** Letters from which on errors are accepted: one in a word of the language that may be a name, one and two in a word of none. */
const ONE_ERROR = 5
const TWO_ERRORS = 9
const ONE_IN_UNLISTED = 4
const TWO_IN_UNLISTED = 7
const ONE_IN_SMALL_LETTERS = 6
const ONE_IN_PLAIN_WORD = 7

const WORDS = WORD_FR | WORD_EN | MEDICAL | EPONYM

/** How a word is written and what the lexicon says of it. */
export interface Written {
  readonly part: string
  readonly flags: number
  /** With a capital, or in small letters where names are written so. */
  readonly isNameLike: boolean
}

/** @returns what the word is, when it is a known word with errors of typing */
export function misspelt({ part, flags, isNameLike }: Written, { words }: Known): Kind | undefined {
  if (part.length < ONE_IN_UNLISTED - 1) return undefined
  const isUnlisted = (flags & WORDS) === 0
  if (!isNameLike && !isUnlisted) return undefined
  const isPlainWord = !isUnlisted && (flags & (GIVEN | FAMILY)) === 0
  for (const [name, kind] of words) {
    const isName = kind === 'name' || kind === 'professional'
    // A place is written right more often than a word is met that resembles one.
    if (!isName && (!isUnlisted || !isNameLike)) continue
    const allowed = isNameLike
      ? errorsIn(name.length, isUnlisted, isPlainWord)
      : name.length >= ONE_IN_SMALL_LETTERS
        ? 1
        : 0
    if (allowed === 0 || Math.abs(name.length - part.length) > allowed) continue
    if (isSwap(name, part) || distance(name, part) <= allowed) return kind
  }
  return undefined
}

/** `Da Siva`, `12 ru des Lilas`: @returns the last token of several words that are, with errors, a known name, town or address */
export function misspeltCompound(
  { count, type }: Tokens,
  parts: readonly string[],
  { compounds }: Known,
  first: number,
): { last: number; kind: Kind } | undefined {
  for (const [known, kind] of compounds) {
    if (known[0] !== (parts[first] as string)[0]) continue
    const allowed = errorsInCompound(known)
    let key = ''
    let marks = 0
    for (let t = first; t < count && key.length < known.length + allowed && type[t] !== LINE_END; t++) {
      const part = parts[t] as string
      if (part === '' && ++marks > MARKS_BETWEEN) break
      key += part
      if (part === '' || t === first || Math.abs(known.length - key.length) > allowed) continue
      if (isSwap(known, key) || distance(known, key) <= allowed) return { last: t, kind }
    }
  }
  return undefined
}
const MARKS_BETWEEN = 3

function errorsIn(letters: number, isUnlisted: boolean, isPlainWord: boolean): number {
  if (isPlainWord) return letters >= ONE_IN_PLAIN_WORD ? 1 : 0
  if (letters >= (isUnlisted ? TWO_IN_UNLISTED : TWO_ERRORS)) return 2
  return letters >= (isUnlisted ? ONE_IN_UNLISTED : ONE_ERROR) ? 1 : 0
}

/** Two neighbours exchanged: one error of the hand, two of the edit distance. */
function isSwap(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2)
}

const SHORTEST_NUMBER = 8
const LONGEST_NUMBER = 20

/**
 * @param parts folded, by token @param first a number
 * @returns the last token of a number that differs from a known one by one figure
 */
export function miswritten(
  { type, gap, text, start, count }: Tokens,
  parts: readonly string[],
  { numbers }: Known,
  first: number,
): { last: number; kind: Kind } | undefined {
  if (numbers.size === 0 || (first > 0 && type[first - 1] === NUMBER && (gap[first] as number) <= SPACED))
    return undefined
  let digits = ''
  let best: { last: number; kind: Kind } | undefined
  for (let t = first; t < count; t++) {
    if (type[t] === MARK && gap[t] === GLUED && /[-./]/.test(text[start[t] as number] as string)) continue
    if (type[t] !== NUMBER || (gap[t] as number) > SPACED) break
    digits += parts[t]
    if (digits.length > LONGEST_NUMBER) break
    if (digits.length < SHORTEST_NUMBER || (type[t + 1] === NUMBER && gap[t + 1] === GLUED)) continue
    for (const [number, kind] of numbers)
      if (Math.abs(number.length - digits.length) <= 1 && (isSwap(number, digits) || distance(number, digits) <= 1))
        best = { last: t, kind }
  }
  return best
}
