/** Layer 5: the traits of this very patient, in all their forms and with errors of typing and reading. */
import type { Notes } from '../annotate.ts'
import { fold } from '../characters.ts'
import { CUE } from '../cues.ts'
import { EPONYM, MEDICAL, WORD_EN, WORD_FR } from '../lexicon/lexicon.ts'
import {
  CAPITALISED,
  GLUED,
  LINE_END,
  LOWER,
  MARK,
  MIXED,
  NUMBER,
  SPACED,
  type Tokens,
  UPPER,
  WORD,
} from '../tokens.ts'
import type { Finding, Kind } from '../types.ts'
import { initialsAfter, initialsBefore, loneInitials } from './initials.ts'
import { BEGINNING, type Known } from './known.ts'
import { asMisread, isMisread } from './misread.ts'
import { misspelt, misspeltCompound, miswritten } from './misspelt.ts'
import { canonical } from './variants.ts'

/** Names of fewer letters are looked for only where they are written as names. */
const SHORT = 4
/** Tokens and marks that a trait may be spread over. */
const SPREAD = 40
const MARKS_BETWEEN = 3
/** Words on each side that tell whether a text is written without capitals. */
const NEIGHBOURS = 12

/** The last token of a trait, and what it is. */
interface Match {
  readonly last: number
  readonly kind: Kind
}

/** A text as its keys are built from it. */
interface Searched {
  readonly tokens: Tokens
  readonly notes: Notes
  readonly known: Known
  /** Folded words and numbers by token; empty for the others. */
  readonly parts: readonly string[]
  /** The same in the form of `asMisread`; made when they are asked for. */
  readonly misread: () => readonly string[]
}

/** @returns certain findings that do not overlap */
export function findKnown(tokens: Tokens, notes: Notes, known: Known): Finding[] {
  const found: Finding[] = []
  const parts = foldedParts(tokens)
  let asRead: readonly string[] | undefined
  const misread = () => (asRead ??= parts.map(asMisread))
  const searched = { tokens, notes, known, parts, misread }
  for (let t = 0; t < tokens.count; t++) {
    if (parts[t] === '') continue
    const match = longestKey(searched, parts, known.keys, t) ?? misreadAt(searched, t) ?? withErrors(searched, t)
    const free = found.at(-1)?.end ?? 0
    const first = match?.kind === 'name' ? initialsBefore(tokens, parts, known.initials, t, free) : t
    const last = match
      ? match.kind === 'name'
        ? initialsAfter(tokens, parts, known.initials, match.last)
        : match.last
      : loneInitials(tokens, notes, parts, known.initials, t)
    if (last < t) continue
    found.push({
      start: tokens.start[first] as number,
      end: tokens.end[last] as number,
      kind: match?.kind ?? 'name',
      certain: true,
    })
    t = last
  }
  return found
}

function foldedParts(tokens: Tokens): string[] {
  const { count, type, text, start, end } = tokens
  const parts: string[] = []
  for (let t = 0; t < count; t++) {
    const isRead = type[t] === WORD || type[t] === NUMBER
    const part = isRead ? fold(text.slice(start[t], end[t])) : ''
    // B A U D R I, CH10É: a letter among letters and what is glued to figures abbreviate nothing.
    const isSpelt = part.length === 1 && (isLetter(tokens, t - 1) || isLetter(tokens, t + 1))
    parts.push(isSpelt || isGluedToNumber(tokens, t) ? part : canonical(part))
  }
  return parts
}

const isLetter = ({ type, start, end }: Tokens, t: number): boolean =>
  type[t] === WORD && (end[t] as number) - (start[t] as number) === 1

const isGluedToNumber = ({ type, gap }: Tokens, t: number): boolean =>
  (type[t + 1] === NUMBER && gap[t + 1] === GLUED) || (type[t - 1] === NUMBER && gap[t] === GLUED)

/** @param parts as they are compared with `keys` */
function longestKey(
  searched: Searched,
  parts: readonly string[],
  keys: ReadonlyMap<string, Kind>,
  first: number,
): Match | undefined {
  const { tokens, known } = searched
  let key = ''
  let best: Match | undefined
  let marks = 0
  for (let t = first; t < tokens.count && t < first + SPREAD; t++) {
    const part = parts[t] as string
    if (part === '') {
      if (++marks > MARKS_BETWEEN || (tokens.type[t] === LINE_END && key.length < 2)) break
      continue
    }
    marks = 0
    key += part
    if (key.length > known.longest) break
    const isBeginning = key.length < BEGINNING || known.beginnings.has(key.slice(0, BEGINNING))
    if (!isBeginning) break
    const kind = keys.get(key)
    if (kind !== undefined && isWhole(searched, first, t, kind, key)) best = { last: t, kind }
  }
  return best
}

/** DUP0NT, O6 I2 34 56 78: words and numbers together that are a trait once letters are read as figures. */
function misreadAt(searched: Searched, t: number): Match | undefined {
  const { tokens, known, parts, misread } = searched
  if (!isMisread(tokens, parts, t)) return undefined
  const match = longestKey(searched, misread(), known.misread, t)
  const types = match && tokens.type.subarray(t, match.last + 1)
  return types?.includes(WORD) && types.includes(NUMBER) ? match : undefined
}

function withErrors({ tokens, notes, known, parts }: Searched, t: number): Match | undefined {
  if (tokens.type[t] === NUMBER) return miswritten(tokens, parts, known, t) ?? misspeltCompound(tokens, parts, known, t)
  const written = tokens.written[t]
  const isNameLike =
    written === CAPITALISED || written === UPPER || written === MIXED || isNameInSmallLetters(tokens, notes, t)
  const compound = isNameLike ? misspeltCompound(tokens, parts, known, t) : undefined
  if (compound) return compound
  const kind = misspelt({ part: parts[t] as string, flags: notes.flags[t] as number, isNameLike }, known)
  return kind === undefined ? undefined : { last: t, kind }
}

/** Not in the middle of a longer number or word; a short name only where it is written as one. */
function isWhole(searched: Searched, first: number, last: number, kind: Kind, key: string): boolean {
  const { tokens, notes } = searched
  const { type, gap, written } = tokens
  if (type[last + 1] === type[last] && gap[last + 1] === 0 && type[last] !== MARK) return false
  if (first > 0 && type[first - 1] === type[first] && gap[first] === 0 && type[first] !== MARK) return false
  const isName = kind === 'name' || kind === 'professional'
  if (!(kind === 'city' || kind === 'hospital' || (isName && key.length <= SHORT + 2))) return true
  return (
    written[first] !== LOWER ||
    type[first] !== WORD ||
    isNameInSmallLetters(tokens, notes, first) ||
    (kind !== 'hospital' && (first < last || isBesideName(searched, first, last))) ||
    (isName && key.length >= SHORT && isNoWord(searched, first))
  )
}

const ARTICLES = new Set('le la les l un une des du au the a an this that'.split(' '))

/** A word of no list of words, and no article before it. */
const isNoWord = ({ notes, parts }: Searched, t: number): boolean =>
  ((notes.flags[t] as number) & (WORD_FR | WORD_EN | MEDICAL | EPONYM)) === 0 && !ARTICLES.has(parts[t - 1] ?? '')

/** `martin denis`: two of the names side by side are no chance, whatever their writing. */
function isBesideName({ tokens, parts, known }: Searched, first: number, last: number): boolean {
  const { gap, type, count } = tokens
  const isOther = (at: number) =>
    type[at] === WORD &&
    (parts[at] as string).length >= SHORT - 1 &&
    parts[at] !== parts[first] &&
    known.keys.get(parts[at] as string) === 'name'
  return (
    (last + 1 < count && gap[last + 1] === SPACED && isOther(last + 1)) ||
    (first > 0 && gap[first] === SPACED && isOther(first - 1))
  )
}

const ANNOUNCES = CUE.doctor | CUE.civility | CUE.kin | CUE.nameLabel | CUE.role

/** A title or a kinship right before, or a text that writes no capitals. */
function isNameInSmallLetters({ type, written, text, start, end, count }: Tokens, { cues }: Notes, t: number): boolean {
  const before = t > 0 && type[t - 1] === MARK && text[start[t - 1] as number] === '.' ? t - 2 : t - 1
  if (before >= 0 && type[before] === WORD && (cues[before] as number) & ANNOUNCES) return true
  if ((end[t] as number) - (start[t] as number) <= SHORT) return false
  for (let at = Math.max(0, t - NEIGHBOURS); at < count && at <= t + NEIGHBOURS; at++)
    if (type[at] === WORD && (written[at] === CAPITALISED || written[at] === UPPER)) return false
  return true
}
