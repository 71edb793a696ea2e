/** How sure the scrubber is that nothing is left: words and numbers that it let stand and could not tell. */
import type { Notes } from './annotate.ts'
import { EPONYM, FAMILY, GIVEN, HOSPITAL, MEDICAL, PLACE, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { tokenAt } from './spans.ts'
import { CAPITALISED, LINE_END, LOWER, MARK, NUMBER, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Span } from './types.ts'

/** Of a text or a part of it. */
export interface Doubts {
  readonly words: number
  readonly doubtful: number
}

/** A shorter text counts as one of so many words: one doubtful word of a line is no more than one of a note. */
const FEWEST_WORDS = 50
const SHORTEST_WORD = 3
/** Shorter words in capitals are abbreviations. */
const SHORTEST_IN_CAPITALS = 6
/** Figures of a number that nothing but a person or a thing has. */
const LONG_NUMBER = 7
/** Of the tagger's margin, in units of its weights: chosen among 0, 150, 200 and 300 by how often a note above the bound had something left. */
const CLOSE = 200
const KNOWN_WORD = WORD_FR | WORD_EN | MEDICAL | EPONYM | HOSPITAL

/** @returns doubtful words and numbers for each hundred words, 0 to 100 */
export const uncertaintyOf = ({ words, doubtful }: Doubts): number =>
  Math.min(100, (100 * doubtful) / Math.max(FEWEST_WORDS, words))

/** @param spans as found, in the order of the text @param margins of `decode`, where the tagger was asked */
export function doubtsIn(tokens: Tokens, notes: Notes, spans: readonly Span[], margins?: Float64Array): Doubts {
  const taken = new Uint8Array(tokens.count)
  for (const { start, end } of spans)
    for (let t = tokenAt(tokens, start); t < tokens.count && (tokens.start[t] as number) < end; t++) taken[t] = 1
  let [words, doubtful] = [0, 0]
  for (let t = 0; t < tokens.count; t++) {
    if (tokens.type[t] === WORD) words++
    const isLeft = taken[t] !== 1 && (tokens.type[t] === WORD || tokens.type[t] === NUMBER)
    if (
      isLeft &&
      (isDoubtfulWord(tokens, notes, t) || isDoubtfulNumber(tokens, t) || isClose(tokens, notes, t, margins))
    )
      doubtful++
  }
  return { words, doubtful }
}

/** Written as a name, in no list of words, and not where each word has a capital; or in the lists as a name only. */
function isDoubtfulWord(tokens: Tokens, { flags, cues }: Notes, t: number): boolean {
  const { type, written, start, end } = tokens
  if (type[t] !== WORD || cues[t] !== 0) return false
  const own = flags[t] as number
  if (own & KNOWN_WORD) return false
  const length = (end[t] as number) - (start[t] as number)
  if (written[t] === UPPER) return length >= SHORTEST_IN_CAPITALS || (own & (GIVEN | FAMILY)) !== 0
  if (written[t] !== CAPITALISED || length < SHORTEST_WORD) return false
  return (own & (GIVEN | FAMILY | PLACE)) !== 0 || !beginsSentence(tokens, t)
}

function beginsSentence({ type, text, start }: Tokens, t: number): boolean {
  const before = t - 1
  return (
    before < 0 ||
    type[before] === LINE_END ||
    (type[before] === MARK && /[.!?:;•*|–-]/.test(text[start[before] as number] as string))
  )
}

/** The tagger alone would have taken it for an identifier, and what stands around it decided otherwise. */
const isClose = ({ type, written }: Tokens, { flags }: Notes, t: number, margins: Float64Array | undefined): boolean =>
  margins !== undefined &&
  (margins[t] as number) > CLOSE &&
  (type[t] === NUMBER || (written[t] !== LOWER && ((flags[t] as number) & MEDICAL) === 0))

const isDoubtfulNumber = ({ type, start, end }: Tokens, t: number): boolean =>
  type[t] === NUMBER && (end[t] as number) - (start[t] as number) >= LONG_NUMBER
