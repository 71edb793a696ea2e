/** A given name beside a family name: of layer 3, certain whatever stands around. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { COMMON_GIVEN, EPONYM, FAMILY, HOSPITAL, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { CAPITALISED, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding } from './types.ts'

const ELSE = WORD_FR | WORD_EN | MEDICAL | EPONYM | HOSPITAL

/** @returns the token, when it is a common given name that is nothing else and has a family name beside it, or is that family name */
export function partOfName(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const isPart =
    isFamilyOfAnnounced(tokens, notes, t) ||
    (isGiven(tokens, notes, t) && (isFamily(tokens, notes, t, t + 1) || isFamily(tokens, notes, t, t - 1))) ||
    (isGiven(tokens, notes, t - 1) && isFamily(tokens, notes, t - 1, t)) ||
    (isGiven(tokens, notes, t + 1) && isFamily(tokens, notes, t + 1, t))
  if (!isPart) return undefined
  return { start: tokens.start[t] as number, end: tokens.end[t] as number, kind: 'name', certain: true }
}

/** L'interne Camille Rey: after a role or title and a given name, a family name that is also a word. */
function isFamilyOfAnnounced(tokens: Tokens, notes: Notes, t: number): boolean {
  const isFirst = isTitled(notes, t - 1) && isGiven(tokens, notes, t)
  const given = isFirst ? t : t - 1
  const family = given + 1
  return (
    (isFirst || (isTitled(notes, t - 2) && isGiven(tokens, notes, t - 1))) &&
    isCapital(tokens, family) &&
    tokens.gap[family] === SPACED &&
    ((notes.flags[family] as number) & FAMILY) !== 0
  )
}

const isTitled = ({ cues }: Notes, t: number): boolean =>
  t >= 0 && ((cues[t] as number) & (CUE.role | CUE.doctor | CUE.civility)) !== 0

const isCapital = (tokens: Tokens, t: number): boolean =>
  tokens.type[t] === WORD && (tokens.written[t] === CAPITALISED || tokens.written[t] === UPPER)

const isGiven = (tokens: Tokens, { flags, phrase }: Notes, t: number): boolean =>
  isCapital(tokens, t) &&
  ((flags[t] as number) & COMMON_GIVEN) !== 0 &&
  ((flags[t] as number) & ELSE) === 0 &&
  phrase[t] === 0

/** A word of family names, right beside the given name; the two differ in their writing or stand in that order. */
function isFamily(tokens: Tokens, { flags, cues, phrase }: Notes, given: number, t: number): boolean {
  const own = flags[t] as number
  if (!isCapital(tokens, t) || tokens.gap[Math.max(t, given)] !== SPACED || phrase[t] !== 0) return false
  if ((own & FAMILY) === 0 || (own & ELSE) !== 0 || ((cues[t] as number) & ~CUE.particle) !== 0) return false
  return t > given || tokens.written[t] === UPPER
}
