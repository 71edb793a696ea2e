/**
 * Names that the tagger left in lists and after titles, French and English: Présents : A, B et C; cc: A, B; Mme Roux. What it found is
 * better cut, so that these are looked for after it.
 */
import type { Notes } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import { isDepartment, isUnnamed } from './hospital-words.ts'
import { EPONYM, FAMILY, GIVEN, MEDICAL, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { tokenAt } from './spans.ts'
import {
  CAPITALISED,
  GLUED,
  INITIAL,
  LINE_END,
  LOWER,
  MARK,
  NUMBER,
  SPACED,
  type Tokens,
  UPPER,
  WORD,
} from './tokens.ts'
import type { Span } from './types.ts'
import { setOf } from './word-set.ts'

/** Before a colon and names. */
const LABELS = setOf(
  'presents presentes present excuses excusees excuse absents participants participaient medecins operateurs operateur chirurgiens anesthesistes internes assistants assistant assistants aides aide copies copie cc attendees attending team surgeons surgeon residents fellows panseuse panseuses circulante circulantes',
)
/** The same without a colon. */
const DOCTORS = setOf('drs docteurs professeurs prs')
/** Tokens after the label. */
const LONGEST = 80
const TITLES = setOf(
  'dr docteur doctor professeur professor prof mme mlle mrs monsieur madame mademoiselle miss mr ms pr drs',
)
/** In capitals without a point they are something else: MS Contin, MR angiogram, PR interval. */
const SMALL_TITLES = setOf('mr ms pr miss prof')
const MONSIEUR = hashFolded('m')
const ARTICLES = setOf('le la les l the')
const NO_PERSON =
  CUE.role |
  CUE.doctor |
  CUE.civility |
  CUE.kin |
  CUE.ward |
  CUE.hospital |
  CUE.birth |
  CUE.nameLabel |
  CUE.signature |
  CUE.phone

/** @param spans as found @returns names that none of them covers */
export function namesLeft(tokens: Tokens, notes: Notes, spans: readonly Span[]): Span[] {
  const taken = new Uint8Array(tokens.count)
  for (const { start, end } of spans)
    for (let t = tokenAt(tokens, start); t < tokens.count && (tokens.start[t] as number) < end; t++) taken[t] = 1
  const lists = listsOfNames(tokens, notes.cues)
  const left: Span[] = []
  for (let t = 0; t < tokens.count; t++) {
    if (taken[t] === 1 || !isCapital(tokens, t) || isElse(tokens, notes, t)) continue
    if ((lists[t] === 1 && isListed(tokens, notes, t)) || isTitled(tokens, t) || isAfterAgent(tokens, notes, t))
      left.push({ start: tokens.start[t] as number, end: tokens.end[t] as number, kind: 'name' })
  }
  return left
}

/** @returns 1 for the tokens that stand in a list of persons, brackets left out */
function listsOfNames(tokens: Tokens, cues: Int32Array): Uint8Array {
  const { count, type, hash, text, start, end, written } = tokens
  const lists = new Uint8Array(count)
  for (let t = 0; t < count; t++) {
    if (type[t] !== WORD) continue
    const colon = type[t + 1] === MARK && text[start[t + 1] as number] === ':'
    if (!(DOCTORS.has(hash[t] as number) || (colon && LABELS.has(hash[t] as number)))) continue
    let brackets = 0
    let at = t + (colon ? 2 : 1)
    for (; at < count && at < t + LONGEST && type[at] !== LINE_END; at++) {
      const mark = type[at] === MARK ? (text[start[at] as number] as string) : ''
      if (mark === '(') brackets++
      else if (mark === ')') brackets = Math.max(0, brackets - 1)
      else if (mark === ';' || mark === ':') break
      else if (mark === '.' && isEndOfSentence(at)) break
      else if (type[at] === WORD && written[at] === LOWER && brackets === 0 && !((cues[at] as number) & JOINTS)) break
      else if (brackets === 0) lists[at] = 1
    }
    t = at - 1
  }
  return lists

  function isEndOfSentence(mark: number): boolean {
    const before = mark - 1
    const isShort = (end[before] as number) - (start[before] as number) <= 2 || (cues[before] as number) & CUE.doctor
    return type[before] === WORD && !isShort
  }
}
/** Small words within a list: Drs Amory and de la Tour, IDE. */
const JOINTS = CUE.particle | CUE.role | CUE.doctor

function isListed({ written, start, end }: Tokens, { flags }: Notes, t: number): boolean {
  const own = flags[t] as number
  if (own & (MEDICAL | EPONYM) || ((own & (WORD_FR | WORD_EN)) !== 0 && (own & (FAMILY | GIVEN)) === 0)) return false
  // Short capitals are degrees and services.
  return !(written[t] === UPPER && (end[t] as number) - (start[t] as number) <= 3 && (own & FAMILY) === 0)
}

/** Mme Roux, M. Petit, Dr. Long: a name whatever else the word is. */
function isTitled({ type, text, start, hash, written, gap }: Tokens, t: number): boolean {
  if ((gap[t] as number) > SPACED || ARTICLES.has(hash[t] as number)) return false
  const point = type[t - 1] === MARK && text[start[t - 1] as number] === '.' && gap[t - 1] === GLUED
  const title = point ? t - 2 : t - 1
  if (title < 0 || type[title] !== WORD) return false
  const word = hash[title] as number
  if (word === MONSIEUR) return point && written[title] === INITIAL && gap[title] !== GLUED
  if (!TITLES.has(word) || written[title] === LOWER) return false
  return !(written[title] === UPPER && !point && SMALL_TITLES.has(word))
}

/** Whom a name follows over a space, a bracket, a bar or a colon: kiné (Weiss), Examinateur BONNET, Médecin traitant | Roux. */
const AGENTS = setOf(
  'examinateur examinatrice operateur operatrice kine kinesitherapeute traitant anesthesiste prescripteur interne infirmier infirmiere ide aide chirurgien avec',
)
const WITH = hashFolded('avec')
const WIDOW = hashFolded('veuve')

function isAfterAgent({ text, type, start, hash, gap, written }: Tokens, { flags }: Notes, t: number): boolean {
  const own = flags[t] as number
  if ((own & (FAMILY | GIVEN)) === 0 || own & (MEDICAL | EPONYM) || (gap[t] as number) > SPACED) return false
  const mark = type[t - 1] === MARK && /[(|:]/.test(text[start[t - 1] as number] as string)
  const agent = mark ? t - 2 : t - 1
  if (agent < 0 || !AGENTS.has(hash[agent] as number)) return false
  // Avec Bonnet, at the end of what is said: what comes after a product goes on.
  const isEnd = type[t + 1] !== WORD && type[t + 1] !== NUMBER
  return hash[agent] === WITH ? !mark && isEnd && written[t] === CAPITALISED && (own & FAMILY) !== 0 : true
}

const isElse = ({ hash }: Tokens, { cues }: Notes, t: number): boolean =>
  ((cues[t] as number) & NO_PERSON) !== 0 ||
  hash[t] === WIDOW ||
  isUnnamed(hash[t] as number) ||
  isDepartment(hash[t] as number)
const isCapital = ({ type, written }: Tokens, t: number): boolean =>
  type[t] === WORD && (written[t] === CAPITALISED || written[t] === UPPER)
