/** Names of places of care that no word of theirs tells: after a verb of care, after a label. Of layer 3, certain. */
import { type Notes, nextWord } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import {
  isCapital,
  isDepartment,
  isEndOfSentence,
  isGenitive,
  isNaming,
  isPreposition,
  isUnnamed,
  jointTo,
  LONGEST,
  THE,
} from './hospital-words.ts'
import { FAMILY, MEDICAL } from './lexicon/lexicon.ts'
import { CAPITALISED, GLUED, LINE_END, MARK, SPACED, type Tokens, UPPER } from './tokens.ts'
import type { Finding } from './types.ts'
import { setOf } from './word-set.ts'

const AT = setOf('at to from')
const WHERE = hashFolded('at')
const CARE = setOf(
  'transferred transfer transported admitted readmitted admission admissions discharged discharge discharges hospitalized hospitalised hospitalization done performed scanned imaging tpa cath thrombectomy colonoscopy endoscopy dialysis dialyzed dialysed chemo chemotherapy radiotherapy transplant transplanted accepted stabilized stabilised intubated stay born delivered delivery treated seen followed evaluated operated underwent surgery surgeries referred referral presented presenting brought repatriated moved returned resides resident lives placed placement rehab clinic clinics appointment appt stent stented biopsy biopsied booked care visit visits implanted resected inpatient outpatient echo echocardiogram tte tee mri mra ct cta pet eeg emg ekg holter ultrasound mammogram angiogram angiography cabg pci stress ed er icu nicu unit team fellow resident attending program programme workup evaluation surgeon service',
)
/** Before a colon and the name of a place of care. */
const PLACE_LABELS = setOf('hospital facility clinic practice institution surgery site')
/** Tokens between a verb of care and the preposition. */
const FARTHEST_CARE = 9

/** Transferred to Homerton, born at Silver Birches: names in capitals after a verb of care and a preposition. */
export function placeOfCare(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { hash, gap, written, start, end } = tokens
  if (!isCapital(tokens, t) || t < 2 || gap[t] !== SPACED) return undefined
  const article = hash[t - 1] === THE ? 1 : 0
  const preposition = t - 1 - article
  if (preposition < 1 || !AT.has(hash[preposition] as number)) return undefined
  const isBeside = CARE.has(hash[preposition - 1] as number)
  const isFurther = () => caredFor(tokens, preposition) || isPersonAt(tokens, notes, preposition)
  if (!isBeside && !(isNaming(tokens, notes, t) && isFurther())) return undefined
  let last = t
  let named = false
  for (let at = t, words = 0; words < LONGEST; words++) {
    const own = notes.flags[at] as number
    const isElse =
      isUnnamed(hash[at] as number) ||
      isDepartment(hash[at] as number) ||
      (own & MEDICAL) !== 0 ||
      ((notes.cues[at] as number) & (CUE.ward | CUE.role | CUE.doctor | CUE.civility | CUE.kin)) !== 0
    if (isElse && words === 0) return undefined
    // A word of the language with a capital within a sentence is a name here: moved to Overlook.
    if (!isElse && (isNaming(tokens, notes, at) || written[at] === CAPITALISED || words > 0)) named = true
    if (written[at] === UPPER && (end[at] as number) - (start[at] as number) <= 3 && words === 0) return undefined
    last = at
    let next = nextWord(tokens, at)
    const joint = next < 0 ? -1 : jointTo(tokens, at, next)
    if (joint > 0) next = joint
    if (next < 0 || (gap[next] as number) > SPACED || isEndOfSentence(tokens, at, next)) break
    if (!(isCapital(tokens, next) && !isPreposition(tokens, next)) && !isGenitive(tokens, next)) break
    at = next
  }
  return named ? { start: start[t] as number, end: end[last] as number, kind: 'hospital', certain: true } : undefined
}

/** Dr. Banks at Duke. */
const isPersonAt = (tokens: Tokens, { flags }: Notes, preposition: number): boolean =>
  tokens.hash[preposition] === WHERE &&
  tokens.written[preposition - 1] === CAPITALISED &&
  ((flags[preposition - 1] as number) & FAMILY) !== 0

/** Seen by cardiology last week at Homerton: the verb of care stands further before, in the same sentence. */
function caredFor({ type, hash, text, start, gap }: Tokens, preposition: number): boolean {
  for (let t = preposition - 2; t >= 0 && t >= preposition - FARTHEST_CARE; t--) {
    if (
      type[t] === LINE_END ||
      (type[t] === MARK && /[.;:!?]/.test(text[start[t] as number] as string) && gap[t] === GLUED)
    )
      return false
    if (CARE.has(hash[t] as number)) return true
  }
  return false
}

/** Facility: Silver Birches, Transferred from: Overlook. @param t the first word after the colon */
export function labelledHospital(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { type, hash, gap, text, start, end } = tokens
  if (t < 2 || !isCapital(tokens, t) || type[t - 1] !== MARK || text[start[t - 1] as number] !== ':') return undefined
  const label = t - 2
  const isFrom = AT.has(hash[label] as number) && CARE.has(hash[label - 1] as number)
  if (!isFrom && !PLACE_LABELS.has(hash[label] as number)) return undefined
  if (
    gap[t] === undefined ||
    (gap[t] as number) > SPACED ||
    isUnnamed(hash[t] as number) ||
    isDepartment(hash[t] as number)
  )
    return undefined
  if (
    (notes.flags[t] as number) & MEDICAL ||
    (notes.cues[t] as number) & (CUE.ward | CUE.role | CUE.doctor | CUE.civility)
  )
    return undefined
  let last = t
  for (let words = 0; words < LONGEST; words++) {
    const next = nextWord(tokens, last)
    if (next < 0 || (gap[next] as number) > SPACED || isEndOfSentence(tokens, last, next)) break
    if (!isCapital(tokens, next) && !isGenitive(tokens, next)) break
    last = next
  }
  return { start: start[t] as number, end: end[last] as number, kind: 'hospital', certain: true }
}
