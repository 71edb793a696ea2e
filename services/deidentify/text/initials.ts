/** Initials of who dictated, typed, collected or signed. Of layer 3, certain. */
import { endAt } from './shapes/match.ts'
import { INITIAL, LINE_END, LOWER, MARK, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding, Language } from './types.ts'
import { setOf } from './word-set.ts'

/** AJ:je 81407, KL/mt, AB/cd  447-1022: alone in its line, or before a date. */
const DICTATED = /[A-Z]{2,3}[:/][a-z]{2,5}[ ]{1,3}[A-Za-z]{0,3}[ -]?\d[\d-]{2,10}(?=[ \t]*(?:\n|$))/y
const DICTATED_AT_END = /[A-Z]{2,3}[:/][a-z]{2,4}(?=[ \t]*(?:\n|$|[Dd]{1,2}[:/]|\/?\d{1,2}\/\d))/y
const TYPIST = /[a-z]{2,4}(?: ?[/:] ?[a-z]{2,5})?(?=[ \t]*(?:\n|$))/y
/** Burchett, M.D. VB7 */
const CODE_OF_DOCTOR = /[A-Z]{2,3}\d{1,4}(?=[ \t]*(?:\n|$))/y
const DOCTOR_BEFORE = /(?:^|[^A-Za-z])M\.?[ ]?D\.?[ ]$/
const LONGEST_DEGREE = 6
const RESIDENT = /[a-z]{2,3}(?=,? ?PGY-?\d)/y
/** Characters of the end of a text, where the codes of dictation stand. */
const TAIL = 160
const TYPED = setOf('tr transcribed typed transcriptionist typist')
const DONE = setOf(
  'collected verified entered transcribed dictated typed performed interpreted drawn checked released scribed charted documented witnessed obtained recorded initialed cosigned frappe frappee tape tapee saisi saisie dactylographie dactylographiee preleve prelevee realise realisee verifie verifiee',
)
const INITIALS = setOf('initials initialed')
/** Their initials stand right after. */
const SIGNED = setOf('signed cytotech tech typist scribe operator')
const BY = setOf('by par')
/** In the place of initials after `by`. */
const NOT_INITIALS = setOf(
  'md rn np pa lab ed er ems mri ct us icu or pt ot rt iv po im sw gp hca ent gi ob gyn id ir ep ccu nicu picu pacu or snf pcp cxr ekg ecg echo pcr hplc elisa fish phone fax mail usps ups',
)

/** @param t a word */
export function initialsAt(tokens: Tokens, t: number, language: Language): Finding | undefined {
  const { text, start, end, gap, type, written, hash, count } = tokens
  const at = start[t] as number
  const length = (end[t] as number) - at
  if (length > 4) return undefined
  if (language === 'en' && (t === 0 || type[t - 1] === LINE_END)) {
    const code = lineOfInitials(tokens, t)
    if (code > 0) return name(at, code)
  }
  if (written[t] === LOWER) {
    const to = (t === 0 || type[t - 1] === LINE_END) && length <= 3 ? endAt(RESIDENT, text, at) : -1
    return to > 0 ? name(at, to) : undefined
  }
  if (written[t] !== UPPER && !(written[t] === INITIAL && length > 1)) return undefined
  const next = t + 1
  if (gap[next] === 0 && type[next] !== MARK) return undefined
  if (isAfterLabel(tokens, t) && !NOT_INITIALS.has(hash[t] as number)) return name(at, end[t] as number)
  // The last letters of a text, after the end of its last sentence: ... by portal. YM
  const isLast =
    language === 'en' &&
    next >= count &&
    length <= 3 &&
    t > 0 &&
    type[t - 1] === MARK &&
    /[.)\-–—]/.test(text[start[t - 1] as number] as string)
  return isLast && !NOT_INITIALS.has(hash[t] as number) ? name(at, end[t] as number) : undefined
}

/** English: Burchett, M.D. VB7. @param t a word with figures glued to it */
export function codeOfDoctor({ text, start }: Tokens, t: number): Finding | undefined {
  const at = start[t] as number
  if (!DOCTOR_BEFORE.test(text.slice(Math.max(0, at - LONGEST_DEGREE), at))) return undefined
  const end = endAt(CODE_OF_DOCTOR, text, at)
  return end > 0 ? { start: at, end, kind: 'id', certain: true } : undefined
}

function lineOfInitials({ text, start, type, hash }: Tokens, t: number): number {
  const at = start[t] as number
  const dictated = endAt(DICTATED, text, at)
  if (dictated > 0) return dictated
  if (text.length - at < TAIL) {
    const short = endAt(DICTATED_AT_END, text, at)
    if (short > 0) return short
  }
  let label = t - 1
  while (label >= 0 && (type[label] === LINE_END || type[label] === MARK)) label--
  return label >= 0 && TYPED.has(hash[label] as number) ? endAt(TYPIST, text, at) : -1
}

/** Collected by: WCC, (initials RCO. */
function isAfterLabel(tokens: Tokens, t: number): boolean {
  const { type, hash, text, start } = tokens
  let at = t - 1
  const colon = type[at] === MARK && /[:(]/.test(text[start[at] as number] as string)
  if (colon) at--
  if (at < 0 || type[at] !== WORD) return false
  if (INITIALS.has(hash[at] as number)) return true
  if (SIGNED.has(hash[at] as number)) return (tokens.end[t] as number) - (start[t] as number) === 3
  return BY.has(hash[at] as number) && DONE.has(hash[at - 1] as number)
}

const name = (start: number, end: number): Finding => ({ start, end, kind: 'name', certain: true })
