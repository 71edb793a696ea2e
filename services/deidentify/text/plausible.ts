/** What the tagger took for an identifier only because of its neighbours: measures, marks, words of the language. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { EPONYM, FAMILY, GIVEN, HOSPITAL, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { INITIAL, LOWER, type Tokens, WORD } from './tokens.ts'
import type { Kind, Span } from './types.ts'

export interface TokenSpan extends Span {
  /** Tokens of the span. */
  readonly first: number
  readonly last: number
  readonly tag: number
}

/** Fewest figures of a number of a person. */
const FEWEST_FIGURES: Partial<Record<Kind, number>> = { phone: 4, id: 4, nir: 5, postcode: 2 }
/** Characters of a date that stands alone. */
const YEAR = 4
/** Tokens before a name or a hospital that may announce it. */
const REACH = 4

/** @param proposed what other layers propose, by its first token */
export function isPlausible(
  tokens: Tokens,
  notes: Notes,
  tags: Uint8Array,
  span: TokenSpan,
  proposed: ReadonlyMap<number, Kind>,
): boolean {
  const { kind, tag } = span
  if (!/[\p{L}\d]/u.test(tokens.text.slice(span.start, span.end))) return false
  if (kind === 'hospital') return isHospital(tokens, notes, span)
  if (kind === 'name') return proposed.get(span.first) === 'name' || isName(tokens, notes, span)
  // A number may be spread over a form: what counts is the whole run of its tag.
  let [first, last] = [span.first, span.last]
  while (first > 0 && tags[first - 1] === tag) first--
  while (last + 1 < tokens.count && tags[last + 1] === tag) last++
  const text = tokens.text.slice(tokens.start[first], tokens.end[last])
  if (kind === 'date' && first === last && !proposed.has(first)) return text.length >= YEAR
  return text.replace(/\D/g, '').length >= (FEWEST_FIGURES[kind] ?? 0)
}

const ORDINARY = WORD_FR | WORD_EN | MEDICAL | EPONYM
/** Words that announce names and are none. */
const ANNOUNCES =
  CUE.role |
  CUE.civility |
  CUE.doctor |
  CUE.ward |
  CUE.hospital |
  CUE.signature |
  CUE.phone |
  CUE.law |
  CUE.ipp |
  CUE.birth

/** A name has a word that is neither an announcement, a numeral, nor a plain word in small letters. */
function isName(tokens: Tokens, { flags, cues }: Notes, { first, last }: TokenSpan): boolean {
  for (let t = first; t <= last; t++) {
    if (tokens.type[t] !== WORD) continue
    const own = flags[t] as number
    const written = tokens.written[t]
    if (written === INITIAL) {
      if (((cues[t] as number) & CUE.civility) === 0) return true
      continue
    }
    if ((cues[t] as number) & ANNOUNCES && !announced(cues, first)) continue
    const isWord = (own & ORDINARY) !== 0
    if (written === LOWER && isWord) continue
    if (isWord && (own & (GIVEN | FAMILY)) === 0 && !announced(cues, first)) continue
    if (/^[IVX]+$/.test(tokens.text.slice(tokens.start[t], tokens.end[t]))) continue
    return true
  }
  return false
}

/** Whether a title or a label stands shortly before. */
function announced(cues: Int32Array, first: number): boolean {
  for (let t = Math.max(0, first - REACH); t < first; t++)
    if ((cues[t] as number) & (CUE.doctor | CUE.civility | CUE.nameLabel | CUE.role | CUE.kin | CUE.signature))
      return true
  return false
}

/** A hospital has its word before it, or a name that lists have, or one that no list of words has. */
function isHospital(tokens: Tokens, { flags, cues, phrase }: Notes, { first, last }: TokenSpan): boolean {
  for (let t = Math.max(0, first - REACH); t < first; t++) if ((cues[t] as number) & CUE.hospital) return true
  for (let t = first; t <= last; t++) {
    const own = flags[t] as number
    if (phrase[t] !== 0 || own & HOSPITAL || (cues[t] as number) & CUE.hospital) return true
    const written = tokens.written[t]
    if (tokens.type[t] === WORD && written !== LOWER && written !== INITIAL && (own & ORDINARY) === 0) return true
  }
  return false
}
