/** What the tagger took for an identifier only because of its neighbours: measures, marks, words of the language. */
import type { Notes } from './annotate.ts'
import { CUE } from './cues.ts'
import { isBeforeEponymHead } from './eponyms.ts'
import { isUnnamed } from './hospital-words.ts'
import {
  COMMON_FAMILY,
  COMMON_GIVEN,
  EPONYM,
  FAMILY,
  GIVEN,
  HOSPITAL,
  MEDICAL,
  WORD_EN,
  WORD_FR,
} from './lexicon/lexicon.ts'
import { isNoDate, isRange, PREGNANCIES } from './measures.ts'
import { TAGS } from './tagger/labels.ts'
import {
  CAPITALISED,
  INITIAL,
  LINE_END,
  LOWER,
  MARK,
  MIXED,
  NUMBER,
  SPACED,
  type Tokens,
  UPPER,
  WORD,
} from './tokens.ts'
import type { Kind, Span } from './types.ts'
import { setOf } from './word-set.ts'

export interface TokenSpan extends Span {
  /** Tokens of the span. */
  readonly first: number
  readonly last: number
  readonly tag: number
}

/** Fewest figures of a number of a person. */
const FEWEST_FIGURES: Partial<Record<Kind, number>> = { phone: 4, id: 4, nir: 5, postcode: 2 }
/** Figures of a telephone number that nothing has to announce. */
const SURE_PHONE = 8
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
  if (kind === 'city' && span.first === span.last && isNoPlace(tokens.hash[span.first] as number)) return false
  if (kind === 'city' && isPlainWord(tokens, notes, span)) return false
  if (kind === 'city' && isBareAbbreviation(tokens, tags, span)) return false
  if (kind === 'name' && (isEponym(tokens, notes, span) || isTermOfCare(tokens, notes, span))) return false
  if (kind === 'id' && (isRange(tokens, notes, span) || PREGNANCIES.test(tokens.text.slice(span.start, span.end))))
    return false
  if (kind === 'name')
    return proposed.get(span.first) === 'name' || (isName(tokens, notes, span) && isFounded(tokens, notes, tags, span))
  // A number may be spread over a form: what counts is the whole run of its tag.
  let [first, last] = [span.first, span.last]
  while (first > 0 && tags[first - 1] === tag) first--
  while (last + 1 < tokens.count && tags[last + 1] === tag) last++
  const text = tokens.text.slice(tokens.start[first], tokens.end[last])
  if (kind === 'date' && isBareMonth(tokens, span)) return false
  if (kind === 'date' && isNoDate(tokens.text, tokens.start[first] as number, text.length)) return false
  if (kind === 'date' && first === last && !proposed.has(first)) return text.length >= YEAR && /\d/.test(text)
  if (kind === 'address' && !proposed.has(span.first)) return first < last && /\p{L}{2}/u.test(text)
  if (kind === 'phone' && !proposed.has(span.first) && text.replace(/\D/g, '').length < SURE_PHONE)
    return announces(notes.cues, span.first, CUE.phone | CUE.fax | CUE.role | CUE.doctor)
  return text.replace(/\D/g, '').length >= (FEWEST_FIGURES[kind] ?? 0)
}

const isNoPlace = (hash: number): boolean => isUnnamed(hash) || LABELS.has(hash)

/** In place: a word of the language in small letters. */
const isPlainWord = ({ written }: Tokens, { flags }: Notes, { first, last }: TokenSpan): boolean =>
  first === last && written[first] === LOWER && ((flags[first] as number) & (WORD_FR | WORD_EN)) !== 0

/** MAR: three capitals are a month beside a number only. */
const isBareMonth = ({ written, type, start, end }: Tokens, { first, last }: TokenSpan): boolean =>
  first === last &&
  written[first] === UPPER &&
  (end[first] as number) - (start[first] as number) === 3 &&
  !(type[first - 1] === NUMBER || type[first + 1] === NUMBER || type[first + 1] === MARK)

/** Abbreviations that stand where names stand. */
const ABBREVIATIONS = setOf(
  'ras apa idec ide ide ipa iao ioa ash as avs aes msp ssiad had smur samu uhcd usic usi unv usc cmp cattp mdph apl aah css ald pec ssr mco irm tdm ecg eeg emg rcp hdj hdt spdt asv arm icp crf nfs bu ecbu nkda nkfa wnl rrr ctab ncat perrla mar tto tta dnacpr',
)
/** Endings of the words of medicine that no list has. */
const TERM =
  /(?:ique|ale|graphie|scopie|ectomie|otomie|plastie|pathie|thérapie|therapie|logie|gramme|émie|emie|urie|algie|graphy|scopy|ectomy|otomy|plasty|pathy|therapy|logy|emia|itis|osis|oma)s?$/iu
const SHORTEST_TERM = 9

/** RAS, TRANSTHORACIQUE: one word that is an abbreviation of care, or has the ending of a term and is no name of a list. */
function isTermOfCare(
  { text, written, hash }: Tokens,
  { flags }: Notes,
  { first, last, start, end }: TokenSpan,
): boolean {
  if (first !== last) return false
  if (written[first] === UPPER && ABBREVIATIONS.has(hash[first] as number)) return true
  return (
    end - start >= SHORTEST_TERM &&
    ((flags[first] as number) & (GIVEN | FAMILY)) === 0 &&
    TERM.test(text.slice(start, end))
  )
}

/** OK, PI, MS: the letters of a state stand beside a place or before its postcode. */
function isBareAbbreviation(
  { written, end, start, type, count, gap, text }: Tokens,
  tags: Uint8Array,
  span: TokenSpan,
): boolean {
  const { first, last } = span
  if (first !== last || written[first] !== UPPER || (end[first] as number) - (start[first] as number) > 2) return false
  let before = first - 1
  if (before >= 0 && type[before] === MARK && text[start[before] as number] === ',') before--
  if (before >= 0 && (tags[before] === CITY_TAG || tags[before] === ADDRESS_TAG || tags[before] === HOSPITAL_TAG))
    return false
  return !(
    last + 1 < count &&
    (gap[last + 1] as number) <= 2 &&
    (tags[last + 1] === POSTCODE_TAG || tags[last + 1] === CITY_TAG)
  )
}

const isEponym = (tokens: Tokens, { flags, cues }: Notes, { first, last }: TokenSpan): boolean =>
  !announces(cues, first, CUE.doctor | CUE.civility) && isBeforeEponymHead(tokens, flags, first, last)

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

const MODAL = setOf('will may')

/** WILL CONTINUE: a verb of the language after it, in a line of capitals or at the beginning of a sentence. */
const isModal = ({ hash, type, gap }: Tokens, flags: Uint16Array, t: number): boolean =>
  MODAL.has(hash[t] as number) &&
  type[t + 1] === WORD &&
  gap[t + 1] === SPACED &&
  ((flags[t + 1] as number) & WORD_EN) !== 0 &&
  ((flags[t + 1] as number) & (COMMON_GIVEN | COMMON_FAMILY)) === 0

/** Letters of what may be an abbreviation. */
const LONGEST_ABBREVIATION = 6
/** Whom a letter greets without a name. */
const GREETED = setOf(
  'confrere confreres consoeur consoeurs collegue collegues amie ami amis colleague colleagues team finess rpps adeli mrn',
)

/** McAllister, DeWitt, LaRue; MyCareLink is a product. */
const MIXED_NAME = /^(?:Mc|Mac|De|Di|Du|La|Le|Van|Fitz|O|D|St|Des|Del|Von|Vander|Al|El|Ab|Ben)\p{Lu}\p{Ll}+$/u
/** Labels of forms that stand where names stand. */
const LABELS = setOf(
  'age sex gender race dob date time room bed ward unit rehab abx general local regional mac sample keysafe auth fair good poor gait supple prev male female fever labs',
)

/**
 * One word alone is a name by its writing only when it can be nothing else: an initial, small letters or a short word in capitals need a
 * name beside them or a word that announces them.
 */
function isFounded(tokens: Tokens, { flags, cues }: Notes, tags: Uint8Array, { first, last }: TokenSpan): boolean {
  if (first === last && GREETED.has(tokens.hash[first] as number)) return false
  if (first === last && isModal(tokens, flags, first)) return false
  if (first !== last || announced(cues, first) || hasNameBeside(tokens, tags, first)) return true
  const written = tokens.written[first]
  if (written === INITIAL || written === LOWER) return false
  if (written === MIXED && !MIXED_NAME.test(tokens.text.slice(tokens.start[first], tokens.end[first]))) return false
  if (LABELS.has(tokens.hash[first] as number)) return false
  if (written === CAPITALISED && isPlainBeginning(tokens, flags[first] as number, first)) return false
  const length = (tokens.end[first] as number) - (tokens.start[first] as number)
  const listed = ((flags[first] as number) & (GIVEN | FAMILY)) !== 0 && ((flags[first] as number) & MEDICAL) === 0
  return !(written === UPPER || written === MIXED) || length > LONGEST_ABBREVIATION || listed
}

/** A word of the language has its capital from the beginning of its sentence. */
function isPlainBeginning({ type, text, start }: Tokens, own: number, t: number): boolean {
  if ((own & ORDINARY) === 0 || own & COMMON_GIVEN) return false
  return (
    t === 0 ||
    type[t - 1] === LINE_END ||
    (type[t - 1] === MARK && /[.!?]/.test(text[start[t - 1] as number] as string))
  )
}

const CITY_TAG = TAGS.indexOf('city')
const ADDRESS_TAG = TAGS.indexOf('address')
const HOSPITAL_TAG = TAGS.indexOf('hospital')
const POSTCODE_TAG = TAGS.indexOf('postcode')
const GIVEN_TAG = TAGS.indexOf('given')
const FAMILY_TAG = TAGS.indexOf('family')

/** Over a point, a hyphen, a comma or nothing, on the same line. */
function hasNameBeside(tokens: Tokens, tags: Uint8Array, t: number): boolean {
  for (const step of [-1, 1])
    for (let at = t + step, skipped = 0; skipped < 3 && at >= 0 && at < tokens.count; at += step, skipped++) {
      if (tokens.type[at] === LINE_END || (tokens.gap[step < 0 ? at + 1 : at] as number) > SPACED) break
      if (tags[at] === GIVEN_TAG || tags[at] === FAMILY_TAG) return true
      if (step < 0 && isEndOfSentence(tokens, at)) break
      if (tokens.type[at] !== MARK || !/[-.,'’]/.test(tokens.text[tokens.start[at] as number] as string)) break
    }
  return false
}

/** A point after a whole word; after an initial or a title it ends nothing. */
const isEndOfSentence = ({ type, text, start, end }: Tokens, mark: number): boolean =>
  type[mark] === MARK &&
  text[start[mark] as number] === '.' &&
  type[mark - 1] === WORD &&
  (end[mark - 1] as number) - (start[mark - 1] as number) > 3

/** Whether a title or a label stands shortly before. */
const announced = (cues: Int32Array, first: number): boolean =>
  announces(cues, first, CUE.doctor | CUE.civility | CUE.nameLabel | CUE.role | CUE.kin | CUE.signature)

function announces(cues: Int32Array, first: number, wanted: number): boolean {
  for (let t = Math.max(0, first - REACH); t < first; t++) if ((cues[t] as number) & wanted) return true
  return false
}

/** A hospital has its word before it, or a name that lists have, or one that no list of words has. */
function isHospital(tokens: Tokens, { flags, cues, phrase }: Notes, { first, last }: TokenSpan): boolean {
  if (first < last && tokens.hash.subarray(first, last + 1).every(isUnnamed)) return false
  for (let t = Math.max(0, first - REACH); t < first; t++) if ((cues[t] as number) & CUE.hospital) return true
  for (let t = first; t <= last; t++) {
    const own = flags[t] as number
    if (phrase[t] !== 0 || own & HOSPITAL || (cues[t] as number) & CUE.hospital) return true
    const written = tokens.written[t]
    if (tokens.type[t] === WORD && written !== LOWER && written !== INITIAL && (own & ORDINARY) === 0) return true
  }
  return false
}
