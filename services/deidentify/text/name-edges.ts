/** What stands beside a name and is a part of it: a family name that is also a word, an initial after a comma, a second name after a stroke. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { FAMILY as FAMILY_NAME, GIVEN as GIVEN_NAME, MEDICAL, WORD_EN } from './lexicon/lexicon.ts'
import { CAPITALISED, GLUED, INITIAL, MARK, SPACED, type Tokens, UPPER } from './tokens.ts'

/** English. @param from last token of a name @param next first offset of the span after @returns its last token */
export const endOfName = (tokens: Tokens, notes: Notes, from: number, next: number): number =>
  endOfPair(tokens, notes, endOfInitial(tokens, endOfFamily(tokens, notes, from, next), next), next)

/** Lakshmi Frost notified: a family name that is also a word, after a given name that is none. */
function endOfFamily(tokens: Tokens, { flags, cues }: Notes, from: number, next: number): number {
  const { written, gap, start, count } = tokens
  const family = from + 1
  if (family >= count || (start[family] as number) >= next || gap[family] !== SPACED) return from
  const isFamily =
    written[family] === CAPITALISED &&
    written[from] === CAPITALISED &&
    ((flags[family] as number) & (FAMILY_NAME | MEDICAL)) === FAMILY_NAME &&
    ((flags[from] as number) & GIVEN_NAME) !== 0 &&
    ((flags[from] as number) & WORD_EN) === 0 &&
    ((cues[family] as number) & (CUE.month | CUE.hospital | CUE.role | CUE.ward | CUE.street)) === 0
  const isAlone = written[family + 1] !== CAPITALISED || (gap[family + 1] as number) > SPACED
  return isFamily && isAlone ? family : from
}

/** RIEDEL,H; GALLO, T; ROSALES, DELIA M: an initial after a name in capitals, not the degree in HADLEY, M.D. */
function endOfInitial({ text, start, type, written, count, gap }: Tokens, from: number, next: number): number {
  const initial = from + 2
  const isInitial =
    initial < count &&
    written[from] === UPPER &&
    type[from + 1] === MARK &&
    text[start[from + 1] as number] === ',' &&
    written[initial] === INITIAL &&
    (gap[initial] as number) <= SPACED &&
    (start[initial] as number) < next &&
    (initial + 1 >= count || gap[initial + 1] !== GLUED || type[initial + 1] === MARK) &&
    !/^[A-Z]\.[A-Z]/.test(text.slice(start[initial], (start[initial] as number) + 3))
  if (isInitial) return initial
  const middle = from + 1
  const isMiddle =
    middle < count &&
    written[from] === UPPER &&
    written[middle] === INITIAL &&
    gap[middle] === SPACED &&
    (start[middle] as number) < next &&
    (middle + 1 >= count || (gap[middle + 1] as number) > SPACED)
  return isMiddle ? middle : from
}

/** Tse/Holloway: two names with a stroke between. */
export function startOfPair(
  { text, start, type, written, gap }: Tokens,
  { flags, cues }: Notes,
  from: number,
  free: number,
): number {
  const [stroke, before] = [from - 1, from - 2]
  const isPair =
    before >= 0 &&
    gap[from] === GLUED &&
    type[stroke] === MARK &&
    text[start[stroke] as number] === '/' &&
    gap[stroke] === GLUED &&
    written[before] === CAPITALISED &&
    written[from] === CAPITALISED &&
    (start[before] as number) >= free &&
    ((flags[before] as number) & MEDICAL) === 0 &&
    ((flags[before] as number) & (WORD_EN | FAMILY_NAME)) !== WORD_EN &&
    cues[before] === 0
  return isPair ? before : from
}

/** L'Hermitte, D'ALMEIDA: a capital and an apostrophe before a name. */
export function startOfElision({ text, start, type, written, gap }: Tokens, from: number, free: number): number {
  const [mark, letter] = [from - 1, from - 2]
  const isElision =
    letter >= 0 &&
    gap[from] === GLUED &&
    type[mark] === MARK &&
    /['’]/.test(text[start[mark] as number] as string) &&
    gap[mark] === GLUED &&
    written[letter] === INITIAL &&
    /[LD]/.test(text[start[letter] as number] as string) &&
    (start[letter] as number) >= free &&
    gap[letter] !== GLUED
  return isElision ? letter : from
}

/** Tse/Holloway, where the first is the one that was found. */
function endOfPair(tokens: Tokens, { flags, cues }: Notes, from: number, next: number): number {
  const { text, start, type, written, gap, count } = tokens
  const [stroke, after] = [from + 1, from + 2]
  const isPair =
    after < count &&
    type[stroke] === MARK &&
    gap[stroke] === GLUED &&
    text[start[stroke] as number] === '/' &&
    gap[after] === GLUED &&
    written[from] === CAPITALISED &&
    written[after] === CAPITALISED &&
    (start[after] as number) < next &&
    ((flags[after] as number) & (MEDICAL | FAMILY_NAME)) === FAMILY_NAME &&
    cues[after] === 0
  return isPair ? after : from
}
