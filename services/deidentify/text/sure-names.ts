/** English names that what stands beside them makes sure, whatever else the word means: Wood, M.D.; Frost is a 52-year-old; seen by Winter. Layer 3. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { isDepartment, isUnnamed } from './hospital-words.ts'
import { COMMON_FAMILY, COMMON_GIVEN, EPONYM, FAMILY, GIVEN, MEDICAL, WORD_EN } from './lexicon/lexicon.ts'
import { CAPITALISED, GLUED, INITIAL, LOWER, MARK, NUMBER, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding } from './types.ts'
import { setOf } from './word-set.ts'

/** After a name, with a comma or without. */
const DEGREE =
  /[ ]?,?[ ]?(?:M\.[ ]?D\.|D\.[ ]?O\.|Ph\.?D|R\.N\.|(?:MD|DO|RN|NP|PA|FNP|CRNP|APRN|CNM|CNA|LPN|LVN|CRNA|LCSW|LICSW|LMSW|DMD|DDS|DPM|DPT|PT|OTR|COTA|PharmD|RPh|CMA|MBBS|MBBCh|MBChB|FRCS|FRCP|MRCP|MRCGP|FACS|FACP|CGC|CCDS|PGY)(?![\p{L}]))/uy
/** A state is written the same way. */
const STATES = /^[ ]?,?[ ]?(?:MD|PA)$/
const SPACE = 32
const COMMA = 44
const SURE_COMMA = /^[ ]?,/
const LONGEST = 6
/** Tokens before "is a": one or two adjectives stand after it. */
const VERBS = setOf('is was')
const ARTICLES = setOf('a an')
const BEFORE_NAME = setOf('by')
const WITH = /(?:w\/|d\/w)[ ]$/i
const MAIDEN = setOf('nee')
const NAMED = setOf('named')
const CARERS = setOf('carer caregiver boyfriend girlfriend')
/** Subjects of "is a 52-year-old" that are no name. */
const SUBJECTS = setOf(
  'patient pt he she this that it who vet veteran client resident subject baby infant mother father gentleman lady woman man boy girl here there decedent proband individual claimant applicant',
)
const NO_PERSON = CUE.role | CUE.ward | CUE.hospital | CUE.doctor | CUE.civility | CUE.nameLabel | CUE.signature

/** @param t a word with a capital, where a run of such words begins */
export function sureName(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  if (!isCapital(tokens, t)) return undefined
  if (isAnnounced(tokens, notes, t)) return nameFrom(tokens, t, endOfPair(tokens, notes, t))
  if (t > 0 && tokens.gap[t] === SPACED && isCapital(tokens, t - 1) && !isLabel(notes, t - 1)) return undefined
  return beforeDegree(tokens, notes, t) ?? subjectOfAge(tokens, notes, t)
}

/** Seen by Winter, nee Frost, a girl named April, carer Joy. */
function isAnnounced(tokens: Tokens, { flags, cues }: Notes, t: number): boolean {
  const { hash, gap, written, text, start } = tokens
  if (t < 1 || gap[t] !== SPACED || written[t] !== CAPITALISED || isElse(tokens, cues, t)) return false
  const own = flags[t] as number
  const before = hash[t - 1] as number
  if (MAIDEN.has(before)) return true
  if (NAMED.has(before)) return (own & GIVEN) !== 0
  const isKin = ((cues[t - 1] as number) & CUE.kin) !== 0 || CARERS.has(before)
  if (isKin && (own & COMMON_GIVEN) !== 0 && tokens.type[t + 1] !== NUMBER) return (own & (MEDICAL | EPONYM)) === 0
  // D/w Penny, seen w/ Joy.
  const isWith = WITH.test(text.slice(Math.max(0, (start[t] as number) - 4), start[t]))
  if (isWith && (own & COMMON_GIVEN) !== 0) return (own & (MEDICAL | EPONYM)) === 0
  if (!BEFORE_NAME.has(before) || (own & (FAMILY | COMMON_GIVEN)) === 0 || own & MEDICAL) return false
  return !(isCapital(tokens, t + 1) && gap[t + 1] === SPACED && ((flags[t + 1] as number) & (FAMILY | GIVEN)) === 0)
}

const isElse = ({ hash }: Tokens, cues: Int32Array, t: number): boolean =>
  isUnnamed(hash[t] as number) ||
  isDepartment(hash[t] as number) ||
  ((cues[t] as number) & (NO_PERSON | CUE.month | CUE.kin)) !== 0

/** Over a family name beside it. */
function endOfPair(tokens: Tokens, { flags }: Notes, t: number): number {
  const next = t + 1
  const isPair =
    tokens.written[next] === CAPITALISED && tokens.gap[next] === SPACED && ((flags[next] as number) & FAMILY) !== 0
  return isPair ? next : t
}

/** Christopher J. Wood, M.D.; HUNT , HOPE L ., M.D. */
function beforeDegree(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { type, text, start, end, gap, count } = tokens
  let first = t
  while (isCapital(tokens, first) && isLabel(notes, first) && gap[first + 1] === SPACED) first++
  if (!isCapital(tokens, first) || tokens.written[first] === INITIAL) return undefined
  if (isElse(tokens, notes.cues, first) || ((notes.flags[first] as number) & MEDICAL) !== 0) return undefined
  let named = false
  for (let at = first, words = 0, commas = 0; at < count && words < LONGEST; at++) {
    if (at > first && (gap[at] as number) > SPACED) return undefined
    if (type[at] === WORD) {
      if (!isCapital(tokens, at) && !((notes.cues[at] as number) & CUE.particle)) return undefined
      words++
      if (tokens.written[at] !== INITIAL && isNameLike(notes, at)) named = true
    } else if (type[at] !== MARK) return undefined
    else {
      const mark = text[start[at] as number] as string
      if (mark === ',' && ++commas > 1) return undefined
      if (!/[-.,'’]/.test(mark)) return undefined
      if (mark === '.' && type[at - 1] === WORD && (end[at - 1] as number) - (start[at - 1] as number) > 2)
        return undefined
      if (mark === ',' || mark === '-') continue
    }
    const after = text.charCodeAt(end[at] as number)
    if (after !== SPACE && after !== COMMA) continue
    DEGREE.lastIndex = end[at] as number
    const match = DEGREE.exec(text)
    if (!match || !named || !/^[ ,]/.test(match[0])) continue
    if (STATES.test(match[0]) && notes.phrase[first] !== 0) return undefined
    if (!SURE_COMMA.test(match[0])) {
      if (words < 2) return undefined
      // NIGHT NOTE B WALLACE RN: in capitals, what stands before the name has no other sign.
      if (tokens.written[first] === UPPER && (words > 3 || ((notes.flags[first] as number) & GIVEN) === 0))
        return undefined
    }
    return nameFrom(tokens, first, at)
  }
  return undefined
}

/** Wood is a pleasant 52 y.o. female; Frost, a 60-year-old. */
function subjectOfAge(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { type, hash, text, start, gap, end } = tokens
  if (SUBJECTS.has(hash[t] as number) || isElse(tokens, notes.cues, t) || (notes.cues[t] as number) & CUE.kin)
    return undefined
  if (((notes.flags[t] as number) & (FAMILY | GIVEN)) === 0 && ((notes.flags[t] as number) & WORD_EN) !== 0)
    return undefined
  let last = t
  while (last < t + 2 && isCapital(tokens, last + 1) && gap[last + 1] === SPACED) last++
  let at = last + 1
  if (type[at] === MARK && text[start[at] as number] === ',') at++
  else if (VERBS.has(hash[at] as number)) at++
  else return undefined
  if (!ARTICLES.has(hash[at] as number)) return undefined
  at++
  for (let words = 0; words < 2 && type[at] === WORD && tokens.written[at] === LOWER; words++) at++
  if (type[at] !== NUMBER || (end[at] as number) - (start[at] as number) > 3) return undefined
  return /^[ -]?(?:y|mo|month|week|day|wk|F\b|M\b)/.test(text.slice(end[at], (end[at] as number) + 6))
    ? nameFrom(tokens, t, last)
    : undefined
}

const isNameLike = ({ flags }: Notes, t: number): boolean =>
  ((flags[t] as number) & (FAMILY | COMMON_FAMILY | GIVEN)) !== 0 || ((flags[t] as number) & (WORD_EN | MEDICAL)) === 0
const isLabel = ({ cues }: Notes, t: number): boolean =>
  ((cues[t] as number) & (CUE.role | CUE.doctor | CUE.civility | CUE.nameLabel | CUE.signature)) !== 0
const isCapital = ({ type, written }: Tokens, t: number): boolean =>
  type[t] === WORD && (written[t] === CAPITALISED || written[t] === UPPER || written[t] === INITIAL || written[t] === 3)

function nameFrom({ start, end, text, gap }: Tokens, first: number, last: number): Finding {
  const point =
    text[end[last] as number] === '.' &&
    (end[last] as number) - (start[last] as number) === 1 &&
    gap[last + 1] === GLUED
  return { start: start[first] as number, end: (end[last] as number) + (point ? 1 : 0), kind: 'name', certain: true }
}
