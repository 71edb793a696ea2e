/** A name that was recognised once is recognised everywhere in the text, where it is written as a name. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { isDepartment, isUnnamed } from './hospital-words.ts'
import { EPONYM, FAMILY, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { tokenAt } from './spans.ts'
import { CAPITALISED, LOWER, MARK, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Language, Span } from './types.ts'
import { setOf } from './word-set.ts'

const SHORTEST = 4
/** After the name of a person at the beginning of a sentence. */
const ACTIONS = setOf(
  'is was has had denies reports presents presented returns returned states stated complains admits will agrees remains tolerated underwent notes says said who',
)

/** @returns more spans, none of which overlaps those given */
export function findRepeats(tokens: Tokens, notes: Notes, spans: readonly Span[], language: Language): Span[] {
  const names = new Set<number>()
  const words = new Set<number>()
  const places = new Set<number>()
  const taken = new Uint8Array(tokens.count)
  for (const { start, end, kind } of spans)
    for (let t = tokenAt(tokens, start); t < tokens.count && (tokens.start[t] as number) < end; t++) {
      taken[t] = 1
      if ((kind === 'name' || kind === 'professional') && isDistinct(tokens, notes, t))
        names.add(tokens.hash[t] as number)
      else if (kind === 'hospital' && language === 'en' && isPlaceWord(tokens, notes, t, start))
        places.add(tokens.hash[t] as number)
      else if (language === 'en' && (kind === 'name' || kind === 'professional') && isFamilyWord(tokens, notes, t))
        words.add(tokens.hash[t] as number)
    }
  const more: Span[] = []
  for (let t = 0; t < tokens.count; t++)
    if (
      taken[t] !== 1 &&
      tokens.type[t] === WORD &&
      tokens.written[t] !== LOWER &&
      (names.has(tokens.hash[t] as number) || (words.has(tokens.hash[t] as number) && isPerson(tokens, taken, t)))
    )
      more.push({ start: tokens.start[t] as number, end: tokens.end[t] as number, kind: 'name' })
    else if (taken[t] !== 1 && places.has(tokens.hash[t] as number) && isPerson(tokens, taken, t))
      more.push({ start: tokens.start[t] as number, end: tokens.end[t] as number, kind: 'hospital' })
  return more
}

/** Wood, Frost: a family name that the language has as a word. */
const isFamilyWord = ({ type, written, start, end }: Tokens, { flags, cues }: Notes, t: number): boolean =>
  type[t] === WORD &&
  (written[t] === CAPITALISED || written[t] === UPPER) &&
  (end[t] as number) - (start[t] as number) >= SHORTEST &&
  ((flags[t] as number) & (FAMILY | MEDICAL | EPONYM)) === FAMILY &&
  ((cues[t] as number) & (CUE.month | CUE.ward | CUE.hospital | CUE.street)) === 0

/** The first word of a hospital's name, by which it is called afterwards: Riverside. */
const isPlaceWord = (
  { type, written, hash, start: starts }: Tokens,
  { flags, cues }: Notes,
  t: number,
  start: number,
): boolean =>
  type[t] === WORD &&
  starts[t] === start &&
  written[t] === CAPITALISED &&
  !isUnnamed(hash[t] as number) &&
  !isDepartment(hash[t] as number) &&
  ((flags[t] as number) & MEDICAL) === 0 &&
  ((cues[t] as number) & (CUE.month | CUE.ward | CUE.hospital | CUE.role | CUE.doctor)) === 0

/** With a capital within a sentence and no other word in capitals beside it, or as who does something at its beginning. */
function isPerson({ hash, type, written, gap, text, start }: Tokens, taken: Uint8Array, t: number): boolean {
  if (written[t] !== CAPITALISED) return false
  const isBeside = (at: number) =>
    type[at] === WORD && written[at] !== LOWER && taken[at] !== 1 && gap[Math.max(at, t)] === SPACED
  if (isBeside(t - 1) || isBeside(t + 1)) return false
  const isFirst =
    t === 0 ||
    (gap[t] as number) > SPACED ||
    (type[t - 1] === MARK && /[.!?:]/.test(text[start[t - 1] as number] as string))
  return !isFirst || ACTIONS.has(hash[t + 1] as number)
}

/** A name that is also a word or an eponym is left to its surroundings. */
const isDistinct = (tokens: Tokens, notes: Notes, t: number): boolean =>
  tokens.type[t] === WORD &&
  tokens.written[t] !== LOWER &&
  (tokens.end[t] as number) - (tokens.start[t] as number) >= SHORTEST &&
  ((notes.flags[t] as number) & (WORD_FR | WORD_EN | MEDICAL | EPONYM)) === 0
