/**
 * Layer 3: what the words around say. Numbers after their label, dates after "né(e) le", names after a title or a label, streets,
 * hospitals after their word. A number after its label is certain; names, streets and hospitals are proposals for the tagger.
 */
import { addressAtNumber, houseWithoutNumber, postcodeOfFour } from './addresses.ts'
import { type Notes, nextWord } from './annotate.ts'
import { CUE } from './cues.ts'
import { partOfName } from './full-name.ts'
import { hospitalByHead, hospitalByTail, listedHospital, lowerHouse, saintAt } from './hospitals.ts'
import { codeOfDoctor, initialsAt } from './initials.ts'
import { isCode, labelledNumber } from './labelled-numbers.ts'
import { COMMON_GIVEN, FAMILY, GIVEN, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { loneDay, loneWeekday } from './lone-days.ts'
import { maidenName, nameAfterVerb, nameInSmallLetters, spokenName, unknownTown } from './lone-names.ts'
import { labelledHospital, placeOfCare } from './places-of-care.ts'
import { spokenNumber } from './spoken-numbers.ts'
import { sureName } from './sure-names.ts'
import { CAPITALISED, GLUED, INITIAL, LOWER, MARK, NUMBER, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding, Language } from './types.ts'

const LONGEST_NAME = 5
const LONGEST_STREET = 9

export function findContext(tokens: Tokens, notes: Notes, language: Language): Finding[] {
  const found: Finding[] = []
  let free = 0
  for (let t = 0; t < tokens.count; t++) {
    if ((tokens.start[t] as number) < free) continue
    const one =
      tokens.type[t] === NUMBER || isCode(tokens, t)
        ? ((language === 'en'
            ? (codeOfDoctor(tokens, t) ?? addressAtNumber(tokens, t))
            : postcodeOfFour(tokens, notes, t)) ??
          streetAt(tokens, notes, t) ??
          labelledNumber(tokens, notes, t) ??
          loneDay(tokens, t, language))
        : tokens.type[t] === WORD
          ? (hospitalAt(tokens, notes, t, language) ??
            (language === 'en'
              ? englishAt(tokens, notes, t)
              : (initialsAt(tokens, t, 'fr') ?? maidenName(tokens, notes, t))) ??
            nameAfter(tokens, notes, t) ??
            hospitalAfter(tokens, notes, t) ??
            streetAt(tokens, notes, t) ??
            (language === 'en' ? houseWithoutNumber(tokens, t) : undefined) ??
            partOfName(tokens, notes, t) ??
            nameInSmallLetters(tokens, notes, t) ??
            nameAfterVerb(tokens, notes, t) ??
            loneWeekday(tokens, t, language))
          : undefined
    if (!one) continue
    found.push(one)
    free = one.end
  }
  return found
}

const englishAt = (tokens: Tokens, notes: Notes, t: number): Finding | undefined =>
  spokenNumber(tokens, t) ??
  initialsAt(tokens, t, 'en') ??
  sureName(tokens, notes, t) ??
  spokenName(tokens, notes, t) ??
  unknownTown(tokens, notes, t)

function hospitalAt(tokens: Tokens, notes: Notes, t: number, language: Language): Finding | undefined {
  return language === 'en'
    ? (hospitalByTail(tokens, notes, t) ??
        hospitalByHead(tokens, notes, t) ??
        saintAt(tokens, t) ??
        listedHospital(tokens, notes, t) ??
        labelledHospital(tokens, notes, t) ??
        placeOfCare(tokens, notes, t))
    : lowerHouse(tokens, notes, t)
}

/** With a number and a name before, nothing but an address. */
const STREET_ONLY =
  /^(?:street|road|avenue|lane|drive|boulevard|crescent|grove|gardens|terrace|parkway|highway|mews|close)$/i

/** A name after a title, or after a label and a colon. */
function nameAfter(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { type, text, start, gap } = tokens
  if (tokens.written[t] === LOWER || tokens.written[t] === undefined) return undefined
  if ((notes.cues[t] as number) & (CUE.doctor | CUE.civility | CUE.street | CUE.hospital)) return undefined
  let at = t - 1
  const colon = at >= 0 && type[at] === MARK && text[start[at] as number] === ':'
  const dot = at >= 0 && type[at] === MARK && text[start[at] as number] === '.'
  // Hadley, M.D.: a degree.
  if (dot && tokens.written[t] === INITIAL && gap[t] === GLUED) return undefined
  if (colon || dot) at--
  if (at < 0 || type[at] !== WORD || (gap[t] as number) > 2) return undefined
  const cues = notes.cues[at] as number
  const title = (cues & (CUE.doctor | CUE.civility)) !== 0 && !colon && tokens.written[at] !== LOWER
  const label = (cues & (CUE.nameLabel | CUE.role | CUE.kin | CUE.signature)) !== 0 && colon
  if (!(title || label)) return undefined
  if (label && isPlainWord(notes.flags[t] as number)) return undefined
  const last = endOfName(tokens, notes, t)
  return { start: start[t] as number, end: tokens.end[last] as number, kind: 'name', certain: false }
}

const isPlainWord = (flags: number): boolean =>
  (flags & (WORD_FR | WORD_EN | MEDICAL)) !== 0 && (flags & (COMMON_GIVEN | GIVEN | FAMILY)) === 0

function endOfName(tokens: Tokens, notes: Notes, t: number): number {
  let last = t
  for (let words = 1; words < LONGEST_NAME; words++) {
    const next = nextWord(tokens, last)
    if (next < 0 || (tokens.gap[next] as number) > 1) break
    const cues = notes.cues[next] as number
    if (cues & CUE.birth) break
    const particle = tokens.written[next] === LOWER && (cues & CUE.particle) !== 0 && tokens.written[last] !== LOWER
    if (tokens.written[next] === LOWER && !particle) break
    if (particle) {
      const after = nextWord(tokens, next)
      if (after < 0 || tokens.written[after] === LOWER || cues & CUE.date) break
    }
    last = next
  }
  return last
}

function hospitalAfter(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  if (tokens.written[t] !== CAPITALISED && tokens.written[t] !== UPPER) return undefined
  if ((notes.cues[t] as number) & CUE.hospital) return undefined
  let at = t - 1
  for (let skipped = 0; skipped < 2 && at >= 0 && (notes.cues[at] as number) & CUE.particle; skipped++) {
    at--
    if (tokens.type[at] === MARK) at--
  }
  if (at < 0 || tokens.type[at] !== WORD || ((notes.cues[at] as number) & CUE.hospital) === 0) return undefined
  return {
    start: tokens.start[t] as number,
    end: tokens.end[endOfName(tokens, notes, t)] as number,
    kind: 'hospital',
    certain: false,
  }
}

/** `12 bis, rue du Docteur Gachet`; English: `12 Main Street`. */
function streetAt(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { type, start, end, text, gap } = tokens
  let at = t
  if (type[t] === NUMBER) {
    if ((end[t] as number) - (start[t] as number) > 5) return undefined
    // 27/2014, Magnolia Gardens: the year of a date.
    if (
      t > 1 &&
      gap[t] === GLUED &&
      type[t - 1] === MARK &&
      text[start[t - 1] as number] === '/' &&
      type[t - 2] === NUMBER
    )
      return undefined
    at = t + 1
    while (
      at < t + 4 &&
      (type[at] === NUMBER || (type[at] === MARK && /[,\-/]/.test(text[start[at] as number] as string)))
    )
      at++
    if (/^(?:bis|ter|quater|[a-d])$/i.test(text.slice(start[at], end[at]))) at++
    if (type[at] === MARK && text[start[at] as number] === ',') at++
  }
  if (type[at] !== WORD) return undefined
  // Lot 4C19U is a number of a product.
  if ((notes.cues[at] as number) & CUE.accession && (type[at + 1] === NUMBER || isCode(tokens, at + 1)))
    return undefined
  // Dr. Melancon is a person, a drive has its number or its name before it.
  const isElse =
    type[t] === WORD &&
    (((notes.cues[at] as number) & CUE.doctor) !== 0 ||
      // ch 16: a room or the size of a probe.
      (type[at + 1] === NUMBER && (end[at] as number) - (start[at] as number) <= 2))
  if (!isElse && (notes.cues[at] as number) & CUE.street && (type[t] === NUMBER || tokens.written[at] !== INITIAL)) {
    const last = endOfStreet(tokens, notes, at)
    if (last > at) return { start: start[t] as number, end: end[last] as number, kind: 'address', certain: false }
  }
  if (type[t] !== NUMBER || tokens.written[at] === LOWER) return undefined
  for (let words = 0; words < 4 && isNameLike(tokens, at); words++) {
    const next = nextWord(tokens, at)
    if (next < 0) return undefined
    at = next
    if ((notes.cues[at] as number) & CUE.street && tokens.written[at] !== LOWER)
      return {
        start: start[t] as number,
        end: end[at] as number,
        kind: 'address',
        certain: STREET_ONLY.test(text.slice(start[at], end[at])),
      }
  }
  return undefined
}

const isNameLike = (tokens: Tokens, t: number): boolean => tokens.type[t] === WORD && tokens.written[t] !== LOWER

function endOfStreet(tokens: Tokens, notes: Notes, from: number): number {
  const { type, written, gap, text, start } = tokens
  let last = from
  let lowerLeft = 1
  for (let next = from + 1; next < tokens.count && next <= from + LONGEST_STREET; next++) {
    if ((gap[next] as number) > 1) break
    if (type[next] === MARK) {
      if (!/['’\-.]/.test(text[start[next] as number] as string)) break
      continue
    }
    if (type[next] === NUMBER) {
      if ((tokens.end[next] as number) - (start[next] as number) > 2) break
      continue
    }
    if (type[next] !== WORD) break
    const particle = ((notes.cues[next] as number) & CUE.particle) !== 0
    if (written[next] === LOWER && !particle && lowerLeft-- === 0) break
    if (!particle || written[next] !== LOWER) last = next
  }
  return last
}
