/** Hospitals that no title announces: by the word that ends or begins their name, by a saint, in small letters after their word. Of layer 3, certain. */
import { IN_HOSPITAL, type Notes, nextWord } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { CUE } from './cues.ts'
import {
  AFTER_AND,
  AND,
  isCapital,
  isDepartment,
  isEndOfSentence,
  isGenitive,
  isNaming,
  isPreposition,
  isUnnamed,
  jointTo,
  LONGEST,
  SAINT,
  THE,
} from './hospital-words.ts'
import { GIVEN, HOSPITAL, MEDICAL, PLACE } from './lexicon/lexicon.ts'
import { CAPITALISED, GLUED, LOWER, MARK, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding } from './types.ts'
import { setOf } from './word-set.ts'

/** Alone they end the name of a hospital. */
const SURE = setOf('hospital infirmary hospice vamc hosp')
/** They end it after a name. */
const LIKELY = setOf(
  'clinic surgery general royal memorial regional pediatrics paediatrics rehab rehabilitation health healthcare hospitals institute sanatorium dialysis manor orthopedics orthopaedics associates imaging cardiology oncology urology dermatology gastroenterology nephrology obgyn midwifery physicians cboc va snf lodge villa grange nurses detox neurology hospice',
)
/** Of these, those that name no part of a hospital: a word of the language before them is a name. */
const HOUSES = setOf(
  'clinic regional hospitals institute dialysis manor associates physicians lodge villa grange nurses detox healthcare',
)
/** The last two words of a name. */
const PAIRS: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  Object.entries({
    home: 'nursing care rest retirement',
    house: 'care nursing',
    centre:
      'medical health cancer trauma rehabilitation dialysis heart community surgery wellness surgical eye pain treatment imaging endoscopy birth recovery vein fertility care',
    center:
      'medical health cancer trauma rehabilitation dialysis heart community surgery wellness surgical eye pain treatment imaging endoscopy birth recovery vein fertility care',
    practice: 'medical med family group',
    group: 'medical',
    campus: 'medical hospital health',
    system: 'health healthcare',
    trust: 'nhs foundation',
    living: 'assisted senior',
    nurses: 'visiting',
    care: 'urgent home memory',
    medicine: 'family internal sports',
    health: 'home behavioral behavioural mental womens',
    residence: 'nursing senior',
    facility: 'nursing care rehabilitation rehab living',
  }).map(([last, before]) => [hashFolded(last), setOf(before)]),
)
const HOSPITAL_HEAD = hashFolded('hospital')
const HEAD_JOINTS = setOf('of for')
const SAINTS_ELSEWHERE = setOf('san santa santo sao de del nuestra universitario clinico')
const FOREIGN_HEADS = setOf(
  'ysbyty klinikum clinica hopital spital spitalul ospedale policlinico krankenhaus universitatsklinikum ziekenhuis sykehus sygehus szpital sjukhuset chu',
)
const LADY = hashFolded('lady')
const BEFORE_HOSPITAL = setOf('at to from via')
const INITIALS = /^[A-Z]{1,4}(?:MC|GH|UH|RMC)$/
const BEFORE_SAINT = setOf('at to from via in @')
/** What else has the name of a saint: St. John's wort, St. Patrick's Day. */
const AFTER_SAINT = setOf('wort day church cathedral school college parish bay square road street')
const ARTICLES = setOf('les la le saint sainte st ste notre')
const HOUSES_FR = setOf('clinique polyclinique ehpad hopital maternite')
const NUMBER_WORDS = setOf('no nos number numbers id ref')

/** English: Hennepin Women's Clinic, Furness General Hospital, Briery Holme Care Home. @param t where a run of capitals begins */
export function hospitalByTail(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  if (!isCapital(tokens, t) || isPreposition(tokens, t)) return undefined
  if (t > 0 && tokens.gap[t] === SPACED && isCapital(tokens, t - 1) && !isPreposition(tokens, t - 1)) return undefined
  let first = t
  // The first words may be ordinary ones at the beginning of a sentence or a title of a person.
  while (isCapital(tokens, first) && isUnnamed(tokens.hash[first] as number) && tokens.hash[first + 1] !== LADY) first++
  if (first > t && (!isCapital(tokens, first) || tokens.gap[first] !== SPACED)) return undefined
  let found = -1
  let [named, titled, joins] = [false, false, false]
  const begins = first === t && isWithinSentence(tokens, t)
  // Uses Hospital bed: a verb at the beginning of its sentence.
  const isBegun = first > t || begins || tokens.written[t] === UPPER
  let before = -1
  for (let at = first, words = 0; words < LONGEST; words++) {
    const hash = tokens.hash[at] as number
    if (words > 0) {
      const isEnd =
        (SURE.has(hash) && !isNumbered(tokens, at) && (named || isBegun || words > 1)) ||
        (LIKELY.has(hash) && (named || (titled && begins && HOUSES.has(hash)))) ||
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

/** Its capital is not that of the beginning of a sentence. */
const isWithinSentence = ({ type, gap, text, start }: Tokens, t: number): boolean =>
  t > 0 && (gap[t] as number) <= SPACED && (type[t - 1] === WORD || text[start[t - 1] as number] === ',')

/** Names that begin with their word: Hospital of the Holy Spirit, Ysbyty Maelor, Klinikum Grosshadern. */
export function hospitalByHead(tokens: Tokens, notes: Notes, t: number): Finding | undefined {
  const { hash, written, gap, start, end } = tokens
  if (!isCapital(tokens, t)) return undefined
  let at = t + 1
  if (HOSPITAL_HEAD === hash[t]) {
    const isJoined = written[at] === LOWER && HEAD_JOINTS.has(hash[at] as number) && gap[at] === SPACED
    if (!isJoined && !SAINTS_ELSEWHERE.has(hash[at] as number)) return undefined
    if (isJoined) at++
    if (isJoined && written[at] === LOWER && hash[at] === THE) at++
  } else if (!FOREIGN_HEADS.has(hash[t] as number)) return undefined
  if (!isCapital(tokens, at) || gap[at] !== SPACED || ((notes.flags[at] as number) & MEDICAL) !== 0) return undefined
  while (isCapital(tokens, at + 1) && gap[at + 1] === SPACED && at < t + LONGEST) at++
  return { start: start[t] as number, end: end[at] as number, kind: 'hospital', certain: true }
}

/** A word of the language that a name of a house of care may begin with: Priory Gardens Medical Centre. */
const isTitleWord = ({ hash, written }: Tokens, { flags, cues }: Notes, t: number): boolean =>
  written[t] === CAPITALISED &&
  !isUnnamed(hash[t] as number) &&
  !isDepartment(hash[t] as number) &&
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
