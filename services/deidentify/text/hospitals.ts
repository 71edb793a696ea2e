/** Hospitals that no title announces: by the word that ends their name, by a saint, in small letters after their word. Of layer 3, certain. */
import { IN_HOSPITAL, type Notes, nextWord } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import { FAMILY, GIVEN, HOSPITAL, MEDICAL, PLACE, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { CAPITALISED, GLUED, INITIAL, LINE_END, LOWER, MARK, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding } from './types.ts'

const LONGEST = 6
const setOf = (words: string): ReadonlySet<number> => new Set(words.split(' ').map((word) => hashFolded(word)))

/** Alone they end the name of a hospital. */
const SURE = setOf('hospital infirmary hospice vamc hosp')
/** They end it after a name. */
const LIKELY = setOf(
  'clinic surgery general royal memorial regional pediatrics paediatrics rehab rehabilitation health healthcare hospitals institute sanatorium dialysis manor orthopedics orthopaedics associates imaging cardiology oncology urology dermatology gastroenterology nephrology obgyn midwifery physicians cboc va snf',
)
/** The last two words of a name. */
const PAIRS: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  Object.entries({
    home: 'nursing care rest retirement',
    house: 'care nursing',
    centre: 'medical health cancer trauma rehabilitation dialysis heart community surgery wellness',
    center: 'medical health cancer trauma rehabilitation dialysis heart community surgery wellness',
    practice: 'medical med family group',
    group: 'medical',
    campus: 'medical hospital health',
    system: 'health healthcare',
    trust: 'nhs foundation',
    living: 'assisted senior',
    care: 'urgent home memory',
    medicine: 'family internal sports',
    health: 'behavioral behavioural mental womens',
    residence: 'nursing senior',
  }).map(([last, before]) => [hashFolded(last), setOf(before)]),
)
/** University of Wales Hospital, Our Lady of Lourdes Hospital. */
const BEFORE_OF = setOf(
  'university college lady sisters daughters brothers school hospital hospitals mount house institute center centre clinic',
)
/** Brigham and Women's Hospital, Oak Hill Rehabilitation and Nursing. */
const AFTER_AND = setOf('women children nursing rehabilitation rehab health wellness hospice')
const LADY = hashFolded('lady')
const OF = setOf('of')
const AND = setOf('and')
/** Words before a hospital's word that name none. */
const NOT_NAMES = setOf(
  'hypertension access rapid thyroid bone osteoporosis lipid headache migraine epilepsy seizure movement tremor allergy immunology hiv std sti gum contraception family planning colposcopy hysteroscopy vascular pacemaker arrhythmia valve aortic anticoag lymphedema lymphoedema burn scar spasticity botox autism adhd eating addiction suboxone methadone smoking cessation weight obesity metabolic nutrition genetics genetic cleft craniofacial cystic fibrosis sickle cell hemophilia haemophilia followup new patient nurse resident faculty one stop assessment treatment women men sports student employee veterans dietetic podiatry audiology hearing vision low glaucoma retina cornea uveitis dermatology rheumatology nephrology hepatology pulmonary respiratory chest tb infectious hematology haematology neurosurgery neuromuscular dementia transplant heme onc va device lung wellness well vein the this that our your my his her their a an any each other another same local outside outlying previous prior referring admitting receiving transferring discharging day acute private public psychiatric mental teaching tertiary rural field in no per new current hospital hospitals medical health nursing care rest retirement community family group general plastic vascular cardiac thoracic cardiothoracic spine spinal oral maxillofacial bariatric breast colorectal hand foot ankle hip knee pain walk urgent emergency outpatient inpatient primary specialist specialty eye ear skin sleep memory falls wound stroke heart lung kidney liver renal diabetes diabetic asthma fracture fertility infertility antenatal postnatal prenatal travel flu vaccine vaccination anticoagulation warfarin coumadin infusion chemotherapy oncology cardiology neurology urology orthopedic orthopaedic ortho trauma surgical surgery robotic laser cataract elective dental head neck pediatric paediatric neonatal elderly geriatric day case re post pre status s home center centre clinic course discharge admission dialysis cancer rehabilitation rehab physical occupational therapy under spinal epidural minor major open attorney surgeon consultant',
)
const PREPOSITIONS = setOf('at to from in by for with of on and or via into the a an w since is was as his her')
const BEFORE_HOSPITAL = setOf('at to from via')
const INITIALS = /^[A-Z]{1,4}(?:MC|GH|UH|RMC)$/
const THE = hashFolded('the')
const AT = setOf('at to from')
const WHERE = hashFolded('at')
const CARE = setOf(
  'transferred transfer transported admitted readmitted admission admissions discharged discharge discharges hospitalized hospitalised hospitalization done performed scanned imaging tpa cath thrombectomy colonoscopy endoscopy dialysis dialyzed dialysed chemo chemotherapy radiotherapy transplant transplanted accepted stabilized stabilised intubated stay born delivered delivery treated seen followed evaluated operated underwent surgery surgeries referred referral presented presenting brought repatriated moved returned resides resident lives placed placement rehab clinic clinics appointment appt stent stented biopsy biopsied booked care visit visits implanted resected inpatient outpatient echo echocardiogram tte tee mri mra ct cta pet eeg emg ekg holter ultrasound mammogram angiogram angiography cabg pci stress ed er icu nicu unit team fellow resident attending program programme workup evaluation surgeon service',
)
const DEPARTMENTS = setOf(
  'physical occupational speech social infectious internal interventional palliative intensive critical therapy work medicine radiology pathology intensivist anesthesia anaesthesia anaesthetics a&e ae ed er icu itu hdu micu sicu ccu cvicu nicu picu pacu amu mau eau sau ssu cdu snf ltac osh gp pcp management dietitian dietician nutrition hematology haematology pulmonology nephrology gastroenterology endocrinology rheumatology psychiatry psychology dermatology ophthalmology optometry ent obstetrics gynecology gynaecology pediatrics paediatrics chaplaincy pharmacy billing police court school jail prison tele telemetry stepdown step trauma burn burns labor labour postpartum nursery psych rehab observation obs recovery home triage hospice bay ward floor bed room resus majors minors theatre theatres endoscopy dialysis cath or pt ot surgery oncology cardiology neurology urology orthopedics orthopaedics ortho neurosurgery geriatrics elderly emergency day acute ambulatory outpatients lab laboratory blood security transport registration admitting hospitalist church work baseline monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december christmas easter',
)
/** Before a colon and the name of a place of care. */
const PLACE_LABELS = setOf('hospital facility clinic practice institution surgery site')
/** Tokens between a verb of care and the preposition. */
const FARTHEST_CARE = 9
const BEFORE_SAINT = setOf('at to from via in @')
const SAINT = setOf('st saint')
/** What else has the name of a saint: St. John's wort, St. Patrick's Day. */
const AFTER_SAINT = setOf('wort day church cathedral school college parish bay square road street')
const ARTICLES = setOf('les la le saint sainte st ste notre')
const HOUSES_FR = setOf('clinique polyclinique ehpad hopital maternite')
const NUMBER_WORDS = setOf('no nos number numbers id ref')
const PLAIN = WORD_FR | WORD_EN

/** English: Hennepin Women's Clinic, Furness General Hospital, Briery Holme Care Home. @param t where a run of capitals begins */
export function hospitalByTail(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  if (!isCapital(tokens, t) || isPreposition(tokens, t)) return undefined
  if (t > 0 && tokens.gap[t] === SPACED && isCapital(tokens, t - 1) && !isPreposition(tokens, t - 1)) return undefined
  let first = t
  // The first words may be ordinary ones at the beginning of a sentence or a title of a person.
  while (isCapital(tokens, first) && NOT_NAMES.has(tokens.hash[first] as number) && tokens.hash[first + 1] !== LADY)
    first++
  if (first > t && (!isCapital(tokens, first) || tokens.gap[first] !== SPACED)) return undefined
  let found = -1
  let [named, titled, joins] = [false, false, false]
  let before = -1
  for (let at = first, words = 0; words < LONGEST; words++) {
    const hash = tokens.hash[at] as number
    if (words > 0) {
      const isEnd =
        (SURE.has(hash) && !isNumbered(tokens, at)) ||
        (LIKELY.has(hash) && named) ||
        (before !== first && (PAIRS.get(hash)?.has(tokens.hash[before] as number) ?? false) && (named || titled)) ||
        (joins && AFTER_AND.has(hash))
      if (isEnd) found = at
    }
    if (isNaming(tokens, notes, at)) named = true
    if (words > 0 || isTitleWord(tokens, notes, at)) titled = true
    before = at
    let next = nextWord(tokens, at)
    joins = false
    const joint = next < 0 ? -1 : jointTo(tokens, at, next)
    if (joint > 0) {
      joins = AND.has(tokens.hash[next] as number)
      next = joint
      words--
    }
    if (next < 0 || (tokens.gap[next] as number) > SPACED || isEndOfSentence(tokens, at, next)) break
    if (!(isCapital(tokens, next) && !isPreposition(tokens, next)) && !isGenitive(tokens, next)) break
    at = next
  }
  if (found < 0) return undefined
  return {
    start: tokens.start[first] as number,
    end: tokens.end[endOfPlace(tokens, found)] as number,
    kind: 'hospital',
    certain: true,
  }
}

/** @returns the word after `of` or `and`, where the two belong to one name; -1 elsewhere */
function jointTo(tokens: Tokens, at: number, joint: number): number {
  const { hash, gap } = tokens
  const after = joint + 1
  if (tokens.written[joint] !== LOWER || !isCapital(tokens, after) || gap[after] !== SPACED || gap[joint] !== SPACED)
    return -1
  const isOne =
    (OF.has(hash[joint] as number) && BEFORE_OF.has(hash[at] as number)) ||
    (AND.has(hash[joint] as number) && AFTER_AND.has(hash[after] as number))
  return isOne ? after : -1
}

/** A word of the language that a name of a house of care may begin with: Priory Gardens Medical Centre. */
const isTitleWord = ({ hash, written }: Tokens, { flags, cues }: Notes, t: number): boolean =>
  written[t] === CAPITALISED &&
  !NOT_NAMES.has(hash[t] as number) &&
  !DEPARTMENTS.has(hash[t] as number) &&
  ((flags[t] as number) & MEDICAL) === 0 &&
  ((cues[t] as number) & (CUE.ward | CUE.role | CUE.doctor)) === 0

/** Hospital No, Hosp #: the label of a number. */
const isNumbered = ({ hash, type, text, start }: Tokens, t: number): boolean =>
  NUMBER_WORDS.has(hash[t + 1] as number) || (type[t + 1] === MARK && text[start[t + 1] as number] === '#')

/** St. Elsewhere's, with its genitive: without it, it is a town or a family as often. */
export function saintAt(tokens: Tokens, t: number): Finding | undefined {
  const { hash, type, text, start } = tokens
  if (!SAINT.has(hash[t] as number) || tokens.written[t] === LOWER) return undefined
  let name = nextWord(tokens, t)
  if (name < 0 || !isCapital(tokens, name)) return undefined
  for (let words = 0; words < 2; words++) {
    const mark = name + 1
    if (type[mark] === MARK && tokens.gap[mark] === GLUED && /['’]/.test(text[start[mark] as number] as string)) {
      if (!isGenitive(tokens, mark + 1) && !BEFORE_SAINT.has(hash[t - 1] as number)) return undefined
      const last = isGenitive(tokens, mark + 1) ? mark + 1 : name
      if (AFTER_SAINT.has(hash[last + 1] as number)) return undefined
      return { start: start[t] as number, end: tokens.end[last] as number, kind: 'hospital', certain: true }
    }
    if (!isCapital(tokens, mark) || tokens.gap[mark] !== SPACED) return undefined
    name = mark
  }
  return undefined
}

/** In a list: several words anywhere, one word after a preposition. So are the initials of a medical center. */
export function listedHospital(tokens: Tokens, { flags, phrase }: Notes, t: number): Finding | undefined {
  if (!isCapital(tokens, t) || t < 1) return undefined
  let last = t
  if (phrase[t] === IN_HOSPITAL) while (last < t + LONGEST && phrase[last + 1] === IN_HOSPITAL) last++
  const isLong =
    last > t && (tokens.end[last] as number) > (tokens.end[t] as number) + 2 && phrase[t - 1] !== IN_HOSPITAL
  if (!isLong) {
    if (!BEFORE_HOSPITAL.has(tokens.hash[t - 1] as number) || tokens.gap[t] !== SPACED) return undefined
    const own = flags[t] as number
    const isListed = (own & HOSPITAL) !== 0 && (own & (GIVEN | MEDICAL | PLACE)) === 0
    const isInitials = tokens.written[t] === UPPER && INITIALS.test(tokens.text.slice(tokens.start[t], tokens.end[t]))
    if (!isListed && !isInitials) return undefined
    last = t
  }
  return { start: tokens.start[t] as number, end: tokens.end[last] as number, kind: 'hospital', certain: true }
}

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
      NOT_NAMES.has(hash[at] as number) ||
      DEPARTMENTS.has(hash[at] as number) ||
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
    DEPARTMENTS.has(hash[t] as number)
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

/** French: clinique les cèdres, ehpad saint joseph; the words in small letters that follow an article or a saint. */
export function lowerHouse(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { hash, written, gap } = tokens
  if (
    t < 1 ||
    written[t] !== LOWER ||
    gap[t] !== SPACED ||
    !ARTICLES.has(hash[t] as number) ||
    !HOUSES_FR.has(hash[t - 1] as number)
  )
    return undefined
  const name = nextWord(tokens, t)
  if (name < 0 || written[name] !== LOWER || (notes.flags[name] as number) & MEDICAL) return undefined
  return { start: tokens.start[t] as number, end: tokens.end[name] as number, kind: 'hospital', certain: true }
}

/** General Surgery, Day Hospital: words that name no hospital. */
export const isUnnamed = (hash: number): boolean => NOT_NAMES.has(hash)
/** Radiology, Monday: what does something in a hospital, or when. */
export const isDepartment = (hash: number): boolean => DEPARTMENTS.has(hash)

const isCapital = ({ type, written }: Tokens, t: number): boolean =>
  type[t] === WORD && written[t] !== LOWER && written[t] !== INITIAL && written[t] !== undefined
const isPreposition = ({ hash }: Tokens, t: number): boolean => PREPOSITIONS.has(hash[t] as number)
const isGenitive = ({ type, start, end, text }: Tokens, t: number): boolean =>
  type[t] === WORD &&
  (end[t] as number) - (start[t] as number) === 1 &&
  (text.charCodeAt(start[t] as number) | 32) === 115 &&
  /['’]/.test(text[(start[t] as number) - 1] ?? '')

/** A point after St. and after initials ends no sentence. */
const isEndOfSentence = ({ hash, text, start, end }: Tokens, t: number, next: number): boolean =>
  next > t + 1 &&
  text[start[t + 1] as number] === '.' &&
  !SAINT.has(hash[t] as number) &&
  (end[t] as number) - (start[t] as number) > 1

/** A name, or a word that is in no list of words. */
function isNaming({ hash, written, start, end }: Tokens, { flags, cues }: Notes, t: number): boolean {
  if (NOT_NAMES.has(hash[t] as number)) return false
  const own = flags[t] as number
  if (own & MEDICAL || (cues[t] as number) & (CUE.ward | CUE.role | CUE.doctor)) return false
  if (own & (HOSPITAL | PLACE | FAMILY | GIVEN)) return true
  return (own & PLAIN) === 0 && (written[t] !== UPPER || (end[t] as number) - (start[t] as number) > 3)
}

/** University Hospital of Wales, Doctors Hospital at Renaissance. */
function endOfPlace(tokens: Tokens, last: number): number {
  const joint = last + 1
  const name = last + 2
  const isJoint =
    tokens.type[joint] === WORD &&
    tokens.gap[joint] === SPACED &&
    /^(?:of|at)$/.test(tokens.text.slice(tokens.start[joint], tokens.end[joint]))
  if (!isJoint || !isCapital(tokens, name) || tokens.gap[name] !== SPACED || isPreposition(tokens, name)) return last
  return name
}
