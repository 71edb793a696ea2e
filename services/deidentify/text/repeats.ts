/** A name that was recognised once is recognised everywhere in the text, where it is written as a name. */
import type { Notes } from './annotate.ts'
import { EPONYM, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { tokenAt } from './spans.ts'
import { LOWER, type Tokens, WORD } from './tokens.ts'
import type { Span } from './types.ts'

const SHORTEST = 4

/** @returns more spans, none of which overlaps those given */
export function findRepeats(tokens: Tokens, notes: Notes, spans: readonly Span[]): Span[] {
  const names = new Set<number>()
  const taken = new Uint8Array(tokens.count)
  for (const { start, end, kind } of spans)
    for (let t = tokenAt(tokens, start); t < tokens.count && (tokens.start[t] as number) < end; t++) {
      taken[t] = 1
      if ((kind === 'name' || kind === 'professional') && isDistinct(tokens, notes, t))
        names.add(tokens.hash[t] as number)
    }
  const more: Span[] = []
  for (let t = 0; t < tokens.count; t++)
    if (taken[t] !== 1 && tokens.type[t] === WORD && tokens.written[t] !== LOWER && names.has(tokens.hash[t] as number))
      more.push({ start: tokens.start[t] as number, end: tokens.end[t] as number, kind: 'name' })
  return more
}

/** A name that is also a word or an eponym is left to its surroundings. */
const isDistinct = (tokens: Tokens, notes: Notes, t: number): boolean =>
  tokens.type[t] === WORD &&
  tokens.written[t] !== LOWER &&
  (tokens.end[t] as number) - (tokens.start[t] as number) >= SHORTEST &&
  ((notes.flags[t] as number) & (WORD_FR | WORD_EN | MEDICAL | EPONYM)) === 0
