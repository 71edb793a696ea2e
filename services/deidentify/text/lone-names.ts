/** Names without a capital after whom they belong to, and after a verb of speech. Of layer 3, certain. */
import type { Notes } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import { COMMON_FAMILY, COMMON_GIVEN, EPONYM, FAMILY, GIVEN, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { CAPITALISED, LOWER, SPACED, type Tokens, WORD } from './tokens.ts'
import type { Finding } from './types.ts'
import { setOf } from './word-set.ts'

const ELSE = WORD_FR | WORD_EN | MEDICAL | EPONYM

const TITLES = setOf(
  'monsieur madame mademoiselle mme mlle mr mrs ms miss docteur doctor dr professeur professor patient patiente',
)
const VERBS = setOf(
  'called spoke talked discussed paged notified informed contacted phoned handed messaged texted emailed',
)
const TO = setOf('to with by')

/** Madame dupont, sa copine laura, doctor smith: dictated and hasty notes. */
export function nameInSmallLetters(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  if (tokens.written[t] !== LOWER || t < 1 || tokens.gap[t] !== SPACED || tokens.type[t - 1] !== WORD) return undefined
  const own = notes.flags[t] as number
  if ((own & (GIVEN | FAMILY)) === 0 || (own & ELSE) !== 0 || notes.cues[t] !== 0) return undefined
  const before = t - 1
  const hash = tokens.hash[before] as number
  const isTitled = TITLES.has(hash)
  const isKin = ((notes.cues[before] as number) & CUE.kin) !== 0 && (own & COMMON_GIVEN) !== 0
  const isAfterGiven =
    t > 1 &&
    tokens.gap[before] === SPACED &&
    TITLES.has(tokens.hash[t - 2] as number) &&
    ((notes.flags[before] as number) & COMMON_GIVEN) !== 0 &&
    (own & (COMMON_FAMILY | FAMILY)) !== 0
  const isAfterFamily =
    t > 1 &&
    tokens.gap[before] === SPACED &&
    TITLES.has(tokens.hash[t - 2] as number) &&
    ((notes.flags[before] as number) & (FAMILY | ELSE)) === FAMILY &&
    (own & COMMON_GIVEN) !== 0
  return isTitled || isKin || isAfterGiven || isAfterFamily ? nameOf(tokens, t) : undefined
}

const NAME = hashFolded('name')
const IS = hashFolded('is')
const LONGEST_SPOKEN = 3

/** My name is gloria ann reeves: what a transcription writes. */
export function spokenName(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { hash, written, gap, start, end } = tokens
  if (t < 2 || hash[t - 1] !== IS || hash[t - 2] !== NAME || written[t] !== LOWER) return undefined
  let last = t - 1
  while (
    last + 1 < t + LONGEST_SPOKEN &&
    written[last + 1] === LOWER &&
    (last + 1 === t || gap[last + 1] === SPACED) &&
    ((notes.flags[last + 1] as number) & (GIVEN | FAMILY)) !== 0 &&
    ((notes.cues[last + 1] as number) & ~CUE.particle) === 0
  )
    last++
  return last < t ? undefined : { start: start[t] as number, end: end[last] as number, kind: 'name', certain: true }
}

const WHENCE = setOf('from')
const TOWNS = setOf('lives living born raised grew resides moved relocated')
const WHERE = setOf('in to near outside')
const THERE = hashFolded('to')

/** English: a nurse from Kettletown, lives in Ashmoor: a capital that no list has, where towns stand. */
export function unknownTown(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { hash, written, gap, start, end } = tokens
  if (t < 2 || written[t] !== CAPITALISED || gap[t] !== SPACED || notes.flags[t] !== 0 || notes.cues[t] !== 0)
    return undefined
  const isWhere =
    (WHENCE.has(hash[t - 1] as number) && hash[t + 1] !== THERE) ||
    (WHERE.has(hash[t - 1] as number) && TOWNS.has(hash[t - 2] as number))
  const isAlone = written[t + 1] === undefined || written[t + 1] === LOWER || tokens.type[t + 1] !== WORD
  return isWhere && isAlone && (end[t] as number) - (start[t] as number) > 3
    ? { start: start[t] as number, end: end[t] as number, kind: 'city', certain: true }
    : undefined
}

const BORN = setOf('nee ne')
const LONGEST_MAIDEN = 3

/** French: (née Da Silva): a name in capitals right after, not a date. */
export function maidenName(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { hash, written, gap, type, start, end } = tokens
  const isName = (at: number) =>
    type[at] === WORD &&
    written[at] !== LOWER &&
    (gap[at] as number) <= SPACED &&
    ((notes.flags[at] as number) & MEDICAL) === 0
  if (t < 1 || !BORN.has(hash[t - 1] as number) || gap[t] !== SPACED || !isName(t)) return undefined
  let last = t
  while (last + 1 < t + LONGEST_MAIDEN && isName(last + 1) && gap[last + 1] === SPACED) last++
  return { start: start[t] as number, end: end[last] as number, kind: 'name', certain: true }
}

/** Result called to Tammy, spoke with Raj. */
export function nameAfterVerb(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  if (tokens.written[t] !== CAPITALISED || t < 2 || tokens.gap[t] !== SPACED) return undefined
  const own = notes.flags[t] as number
  if ((own & (GIVEN | COMMON_GIVEN)) === 0 || own & MEDICAL || notes.cues[t] !== 0) return undefined
  const isSpoken = TO.has(tokens.hash[t - 1] as number) && VERBS.has(tokens.hash[t - 2] as number)
  return isSpoken ? nameOf(tokens, t) : undefined
}

const nameOf = ({ start, end }: Tokens, t: number): Finding => ({
  start: start[t] as number,
  end: end[t] as number,
  kind: 'name',
  certain: true,
})
