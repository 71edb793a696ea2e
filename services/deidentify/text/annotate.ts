/** Layer 2: what the lexicon and the cues say of each word, in one pass; names of several words are followed to their end. */
import { combine, hashFolded } from './characters.ts'
import { cuesOf } from './cues.ts'
import * as L from './lexicon/lexicon.ts'
import { CAPITALISED, INITIAL, LOWER, MARK, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding } from './types.ts'

/** A token's place in a known name of a place or hospital. */
export const IN_PLACE = 1
export const IN_HOSPITAL = 2

export interface Notes {
  /** Flags of the lexicon, by token. */
  readonly flags: Uint16Array
  /** Bits of `CUE`, by token. */
  readonly cues: Int32Array
  /** 0, IN_PLACE or IN_HOSPITAL; only where a word has a capital. */
  readonly phrase: Uint8Array
  readonly places: readonly Finding[]
}

const LONGEST_PHRASE = 6
/** St and Ste are read as they are spoken. */
const SAINTS = new Map([
  [hashFolded('st'), hashFolded('saint')],
  [hashFolded('ste'), hashFolded('sainte')],
])

export function annotate(tokens: Tokens, lexicon: L.Lexicon): Notes {
  const { count, type, written, hash } = tokens
  const flags = new Uint16Array(count)
  const cues = new Int32Array(count)
  const phrase = new Uint8Array(count)
  for (let t = 0; t < count; t++) {
    if (type[t] !== WORD) continue
    flags[t] = lexicon.flags(hash[t] as number)
    cues[t] = cuesOf(hash[t] as number)
  }
  const places: Finding[] = []
  for (let t = 0; t < count; t++) {
    if (type[t] !== WORD || written[t] === LOWER || written[t] === INITIAL) continue
    const found = longestPhrase(tokens, flags, lexicon, t)
    if (!found) continue
    const { last, isPlace } = found
    for (let i = t; i <= last; i++) phrase[i] = isPlace ? IN_PLACE : IN_HOSPITAL
    places.push({
      start: tokens.start[t] as number,
      end: tokens.end[last] as number,
      kind: isPlace ? 'city' : 'hospital',
      certain: false,
    })
    t = last
  }
  return { flags, cues, phrase, places }
}

function longestPhrase(
  tokens: Tokens,
  flags: Uint16Array,
  lexicon: L.Lexicon,
  first: number,
): { last: number; isPlace: boolean } | undefined {
  const own = flags[first] as number
  let best: { last: number; isPlace: boolean } | undefined
  if (own & (L.PLACE | L.HOSPITAL) && !isOrdinary(own, tokens.written[first] as number))
    best = { last: first, isPlace: (own & L.HOSPITAL) === 0 }
  const begins = own & L.BEGINS || isSaint(tokens, first)
  if (!begins) return best
  let hash = combine(L.PHRASE, wordHash(tokens, first))
  let last = first
  for (let words = 1; words < LONGEST_PHRASE; words++) {
    const next = nextWord(tokens, last)
    if (next < 0) break
    hash = combine(hash, wordHash(tokens, next))
    const found = lexicon.flags(hash)
    if (found === 0) break
    last = next
    if (found & (L.PLACE | L.HOSPITAL)) best = { last, isPlace: (found & L.HOSPITAL) === 0 }
    if ((found & L.BEGINS) === 0) break
  }
  return best
}

/** A place or hospital whose name is also a word, a family name or a given name says little alone. */
const isOrdinary = (flags: number, written: number): boolean =>
  (flags & (L.WORD_FR | L.WORD_EN | L.GIVEN | L.MEDICAL | L.EPONYM)) !== 0 &&
  !(flags & (L.COMMON_PLACE | L.HOSPITAL) && written !== LOWER)

function wordHash(tokens: Tokens, t: number): number {
  const hash = tokens.hash[t] as number
  return SAINTS.get(hash) ?? hash
}
const isSaint = (tokens: Tokens, t: number): boolean => SAINTS.has(tokens.hash[t] as number)

/** @returns the word after, over a space, a hyphen or an apostrophe; -1 without one */
export function nextWord({ count, type, gap, text, start }: Tokens, t: number): number {
  let next = t + 1
  if (next < count && type[next] === MARK && /['’\-–.]/.test(text[start[next] as number] as string)) next++
  return next < count && type[next] === WORD && (gap[next] as number) <= 2 ? next : -1
}

/** The lexicon alone: names that are nothing else, and places. For the measurement of the layer. */
export function dictionaryFindings(tokens: Tokens, { flags, places }: Notes): Finding[] {
  const found: Finding[] = [...places]
  for (let t = 0; t < tokens.count; t++) {
    const written = tokens.written[t]
    if (tokens.type[t] !== WORD || !(written === CAPITALISED || written === UPPER)) continue
    const own = flags[t] as number
    const isName = (own & (L.COMMON_GIVEN | L.COMMON_FAMILY)) !== 0 || (own & (L.GIVEN | L.FAMILY)) !== 0
    const isElse = (own & (L.WORD_FR | L.WORD_EN | L.MEDICAL | L.EPONYM | L.PLACE | L.HOSPITAL)) !== 0
    if (isName && (!isElse || own & L.COMMON_GIVEN))
      found.push({ start: tokens.start[t] as number, end: tokens.end[t] as number, kind: 'name', certain: false })
  }
  return found.sort((a, b) => a.start - b.start || b.end - a.end)
}
