/** What the rules for hospitals have in common: words that name none, capitals, ends of sentences, `of` and `and` within a name. */
import type { Notes } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import { FAMILY, GIVEN, HOSPITAL, MEDICAL, PLACE, WORD_EN, WORD_FR } from './lexicon/lexicon.ts'
import { INITIAL, LOWER, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import { setOf } from './word-set.ts'

/** Words of a name of a hospital. */
export const LONGEST = 6
/** University of Wales Hospital, Our Lady of Lourdes Hospital. */
const BEFORE_OF = setOf(
  'duchess duke prince princess countess earl university college lady sisters daughters brothers school hospital hospitals mount house institute center centre clinic',
)
/** Brigham and Women's Hospital, Oak Hill Rehabilitation and Nursing. */
export const AFTER_AND = setOf('women children nursing rehabilitation rehab health wellness hospice')
const OF = setOf('of')
export const AND = setOf('and')
/** Words before a hospital's word that name none. */
const NOT_NAMES = setOf(
  'young adult call education skilled facility hypertension access rapid thyroid bone osteoporosis lipid headache migraine epilepsy seizure movement tremor allergy immunology hiv std sti gum contraception family planning colposcopy hysteroscopy vascular pacemaker arrhythmia valve aortic anticoag lymphedema lymphoedema burn scar spasticity botox autism adhd eating addiction suboxone methadone smoking cessation weight obesity metabolic nutrition genetics genetic cleft craniofacial cystic fibrosis sickle cell hemophilia haemophilia followup new patient nurse resident faculty one stop assessment treatment women men sports student employee veterans dietetic podiatry audiology hearing vision low glaucoma retina cornea uveitis dermatology rheumatology nephrology hepatology pulmonary respiratory chest tb infectious hematology haematology neurosurgery neuromuscular dementia transplant heme onc va device lung wellness well vein the this that our your my his her their a an any each other another same local outside outlying previous prior referring admitting receiving transferring discharging day acute private public psychiatric mental teaching tertiary rural field in no per new current hospital hospitals medical health nursing care rest retirement community family group general plastic vascular cardiac thoracic cardiothoracic spine spinal oral maxillofacial bariatric breast colorectal hand foot ankle hip knee pain walk urgent emergency outpatient inpatient primary specialist specialty eye ear skin sleep memory falls wound stroke heart lung kidney liver renal diabetes diabetic asthma fracture fertility infertility antenatal postnatal prenatal travel flu vaccine vaccination anticoagulation warfarin coumadin infusion chemotherapy oncology cardiology neurology urology orthopedic orthopaedic ortho trauma surgical surgery robotic laser cataract elective dental head neck pediatric paediatric neonatal elderly geriatric day case re post pre status s home center centre clinic course discharge admission dialysis cancer rehabilitation rehab physical occupational therapy under spinal epidural minor major open attorney surgeon consultant',
)
const PREPOSITIONS = setOf('at to from in by for with of on and or via into the a an w since is was as his her')
export const THE = hashFolded('the')
const DEPARTMENTS = setOf(
  'physical occupational speech social infectious internal interventional palliative intensive critical therapy work medicine radiology pathology intensivist anesthesia anaesthesia anaesthetics a&e ae ed er icu itu hdu micu sicu ccu cvicu nicu picu pacu amu mau eau sau ssu cdu snf ltac osh gp pcp management dietitian dietician nutrition hematology haematology pulmonology nephrology gastroenterology endocrinology rheumatology psychiatry psychology dermatology ophthalmology optometry ent obstetrics gynecology gynaecology pediatrics paediatrics chaplaincy pharmacy billing police court school jail prison tele telemetry stepdown step trauma burn burns labor labour postpartum nursery psych rehab observation obs recovery home triage hospice bay ward floor bed room resus majors minors theatre theatres endoscopy dialysis cath or pt ot surgery oncology cardiology neurology urology orthopedics orthopaedics ortho neurosurgery geriatrics elderly emergency day acute ambulatory outpatients lab laboratory blood security transport registration admitting hospitalist church work baseline monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december christmas easter',
)
export const SAINT = setOf('st saint')
const PLAIN = WORD_FR | WORD_EN

/** General Surgery, Day Hospital: words that name no hospital. */
export const isUnnamed = (hash: number): boolean => NOT_NAMES.has(hash)
/** Radiology, Monday: what does something in a hospital, or when. */
export const isDepartment = (hash: number): boolean => DEPARTMENTS.has(hash)

export const isCapital = ({ type, written }: Tokens, t: number): boolean =>
  type[t] === WORD && written[t] !== LOWER && written[t] !== INITIAL && written[t] !== undefined
export const isPreposition = ({ hash }: Tokens, t: number): boolean => PREPOSITIONS.has(hash[t] as number)
export const isGenitive = ({ type, start, end, text }: Tokens, t: number): boolean =>
  type[t] === WORD &&
  (end[t] as number) - (start[t] as number) === 1 &&
  (text.charCodeAt(start[t] as number) | 32) === 115 &&
  /['’]/.test(text[(start[t] as number) - 1] ?? '')

/** A point after St. and after initials ends no sentence. */
export const isEndOfSentence = ({ hash, text, start, end }: Tokens, t: number, next: number): boolean =>
  next > t + 1 &&
  text[start[t + 1] as number] === '.' &&
  !SAINT.has(hash[t] as number) &&
  (end[t] as number) - (start[t] as number) > 1

/** A name, or a word that is in no list of words. */
export function isNaming({ hash, written, start, end }: Tokens, { flags, cues }: Notes, t: number): boolean {
  if (NOT_NAMES.has(hash[t] as number)) return false
  const own = flags[t] as number
  if (own & MEDICAL || (cues[t] as number) & (CUE.ward | CUE.role | CUE.doctor)) return false
  if (own & (HOSPITAL | PLACE | FAMILY | GIVEN)) return true
  return (own & PLAIN) === 0 && (written[t] !== UPPER || (end[t] as number) - (start[t] as number) > 3)
}

/** @returns the word after `of` or `and`, where the two belong to one name; -1 elsewhere */
export function jointTo(tokens: Tokens, at: number, joint: number): number {
  const { hash, gap } = tokens
  const after = joint + 1
  if (tokens.written[joint] !== LOWER || !isCapital(tokens, after) || gap[after] !== SPACED || gap[joint] !== SPACED)
    return -1
  const isOne =
    (OF.has(hash[joint] as number) && BEFORE_OF.has(hash[at] as number)) ||
    (AND.has(hash[joint] as number) && AFTER_AND.has(hash[after] as number))
  return isOne ? after : -1
}
