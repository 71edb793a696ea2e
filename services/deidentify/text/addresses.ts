/** Postcodes of four figures, and English addresses without a number of a house, with a name for it, or with a numbered road. Of layer 3, certain. */
import { IN_PLACE, type Notes, nextWord } from './annotate.ts'
import { hashFolded } from './characters.ts'
import { MEDICAL, WORD_FR } from './lexicon/lexicon.ts'
import { endAt, finding, pattern } from './shapes/match.ts'
import { GLUED, INITIAL, LOWER, MARK, NEW_LINE, NUMBER, SPACED, type Tokens, WORD } from './tokens.ts'
import type { Finding } from './types.ts'
import { setOf } from './word-set.ts'

const LONGEST = 4
const STREETS = setOf(
  'road rd st ave blvd street lane avenue crescent boulevard square terrace close gardens grove mews drive',
)
/** The same in short: Winding Brook Dr, Cherry Tree Ct. */
const SHORT_STREETS = setOf('dr ct ln court terrace ter pkwy hwy pl cir trl')
const isStreet = (hash: number): boolean => STREETS.has(hash) || SHORT_STREETS.has(hash)
const AFTER_STREET = setOf('in')
/** Before a point that ends no sentence: Mt. Auburn Street. */
const ABBREVIATED = setOf('mt st ft n s e w')
const HOUSES = setOf(
  'cottage house farm lodge barn forge rectory vicarage mill manor hall villa court towers mansions heights',
)
const UNITS = setOf('flat apt apartment suite ste unit')
const INTO = setOf('of at on to from in lives resides living residing address home')
const NOT_NAMES = setOf('dear hello hi thanks thank copy cc re the a this that main care nursing dr mr mrs ms')
const DIRECTION = '(?:(?:N|S|E|W|NE|NW|SE|SW|north|south|east|west)\\.?[ ])?'
/** 4410 County Road 12, 112 W 5th Ave. */
const NUMBERED_ROAD = pattern(
  `\\d{1,5}(?:-\\d{1,4})?[ ]${DIRECTION}(?:(?:county[ ](?:road|rd)|co\\.?[ ]rd|CR|SR|FM|state[ ](?:route|road)|(?:US[ ])?(?:highway|hwy)|route|rte)\\.?[ ]\\d{1,4}|\\d{1,3}(?:st|nd|rd|th)[ ](?:street|st|avenue|ave|road|rd|place|pl|court|ct|lane|ln|drive|dr)\\.?)(?![\\p{L}\\d])`,
)

/** 218 E Maple: a direction says what it is. */
const DIRECTED = pattern(`\\d{2,5}[ ](?:N|S|E|W|NE|NW|SE|SW)\\.?[ ]\\p{L}{3,20}(?![\\p{L}\\d])`)

/** Words that end the name of a street after a number only. */
const RARE_STREETS = setOf(
  'rise walk row hill mead croft park green way wynd brae view parade vale fold chase garth loan quay wharf yard approach parade end bank hollow ridge run trace pike crossing bend landing cove pass path point trail loop circle court place plaza drive grove mews close gardens terrace',
)
/** Words that begin it in other languages. */
const FOREIGN_STREETS = setOf(
  'sraid bothar calle avenida camino via rue rua paseo ffordd heol stryd jalan carrer viale piazza platz avenue',
)
const THE = hashFolded('the')
const TO = hashFolded('a')
const SAINT_OR_STREET = hashFolded('st')

/** @param t a number */
export function addressAtNumber(tokens: Tokens, t: number): Finding | undefined {
  const { text, start, end, type, gap, hash } = tokens
  const at = start[t] as number
  const roadEnd = endAt(NUMBERED_ROAD, text, at)
  if (roadEnd > 0) return finding(at, text[roadEnd - 1] === '.' ? roadEnd - 1 : roadEnd, 'address')
  if ((end[t] as number) - at > 5 || (isMark(tokens, t - 1, /[-.,/:]/) && gap[t] === GLUED)) return undefined
  let word = t + 1
  if (gap[word] === GLUED && tokens.written[word] === INITIAL) word++
  if (gap[word] !== SPACED || !isCapital(tokens, word)) return undefined
  const next = word + 1
  const isForeign = FOREIGN_STREETS.has(hash[word] as number) && type[next] === WORD && gap[next] === SPACED
  const road = endOfRun(tokens, word, isStreet)
  if (road > 0 && isRoadClosed(tokens, road)) return finding(at, end[road] as number, 'address')
  const directed = (end[word] as number) - (start[word] as number) <= 2 ? endAt(DIRECTED, text, at) : -1
  if (directed > 0 && (isCapital(tokens, word + 1) || isCapital(tokens, word + 2)))
    return finding(at, directed, 'address')
  const last =
    hash[word] === THE && isCapital(tokens, next) && gap[next] === SPACED
      ? next
      : isForeign
        ? endOfCapitals(tokens, next)
        : endOfRun(tokens, word, (one) => RARE_STREETS.has(one))
  if (last < 0 || (!isForeign && !isClosed(tokens, last))) return undefined
  return finding(at, end[last] as number, 'address')
}

/** @returns the last word of a run of capitals with particles between */
function endOfCapitals(tokens: Tokens, first: number): number {
  let last = -1
  for (let at = first, words = 0; words < LONGEST && tokens.type[at] === WORD; at++, words++)
    if (isCapital(tokens, at)) last = at
  return last
}

/** A mark or the end of a line comes after. */
const isClosed = ({ type, gap, count }: Tokens, t: number): boolean =>
  t + 1 >= count || type[t + 1] !== WORD || (gap[t + 1] as number) > SPACED

/** A mark, the end of a line, a number of a flat or a place comes after. */
const isRoadClosed = (tokens: Tokens, t: number): boolean =>
  isClosed(tokens, t) || UNITS.has(tokens.hash[t + 1] as number) || AFTER_STREET.has(tokens.hash[t + 1] as number)

/** Apt 14, Belgard Square; The Old Barn, Mill Lane; Church Lane after "of", a comma or at the beginning of a line. @param t a word */
export function houseWithoutNumber(tokens: Tokens, t: number): Finding | undefined {
  const { hash, type, start, end, gap } = tokens
  if (UNITS.has(hash[t] as number) && type[t + 1] === NUMBER) {
    let at = t + 1
    while (gap[at + 1] === GLUED && (type[at + 1] !== MARK || isMark(tokens, at + 1, /[/-]/)) && at < t + LONGEST) at++
    if (isMark(tokens, at + 1, /,/)) at++
    const last = endOfRun(tokens, at + 1, (one) => STREETS.has(one) || HOUSES.has(one))
    return last < 0
      ? undefined
      : { start: start[t] as number, end: end[last] as number, kind: 'address', certain: true }
  }
  if (!isCapital(tokens, t) || !isIntroduced(tokens, t)) return undefined
  const house = endOfRun(tokens, t, (one) => HOUSES.has(one))
  if (house > 0 && isMark(tokens, house + 1, /,/)) {
    const street = house + 2
    const first = type[street] === NUMBER ? street + 1 : street
    const last = endOfRun(tokens, first, (one) => STREETS.has(one))
    if (last > 0) return { start: start[t] as number, end: end[last] as number, kind: 'address', certain: true }
  }
  const last = endOfRun(tokens, t, isStreet)
  if (last < 0 || NOT_NAMES.has(hash[t] as number)) return undefined
  // St. John's is a saint.
  if (hash[last] === SAINT_OR_STREET && isMark(tokens, last + 1, /\./) && isCapital(tokens, last + 2)) return undefined
  return isClosed(tokens, last) || AFTER_STREET.has(hash[last + 1] as number)
    ? { start: start[t] as number, end: end[last] as number, kind: 'address', certain: true }
    : undefined
}

const isCapital = ({ type, written }: Tokens, t: number): boolean =>
  type[t] === WORD && written[t] !== LOWER && written[t] !== undefined
const isMark = ({ type, text, start }: Tokens, t: number, wanted: RegExp): boolean =>
  type[t] === MARK && wanted.test(text[start[t] as number] as string)

function isIntroduced(tokens: Tokens, t: number): boolean {
  if (t === 0 || (tokens.gap[t] as number) > SPACED || isMark(tokens, t - 1, /[,:]/)) return true
  return tokens.type[t - 1] === WORD && INTO.has(tokens.hash[t - 1] as number)
}

/** @returns the last token of a run of two to five words with capitals that ends with such a word; -1 without one */
function endOfRun(tokens: Tokens, first: number, isEnd: (hash: number) => boolean): number {
  if (!isCapital(tokens, first) || isEnd(tokens.hash[first] as number)) return -1
  let at = first
  for (let words = 0; words < LONGEST; words++) {
    const next = nextWord(tokens, at)
    if (next < 0 || (tokens.gap[next] as number) > SPACED || !isCapital(tokens, next)) return -1
    if (isMark(tokens, at + 1, /\./) && !ABBREVIATED.has(tokens.hash[at] as number)) return -1
    at = next
    if (isEnd(tokens.hash[at] as number)) return at
  }
  return -1
}

/** Belgium and Switzerland: 1000 Bruxelles, 1700 Fribourg, with a mark, `à` or the beginning of a line before. @param t a number */
export function postcodeOfFour(tokens: Tokens, { phrase, flags }: Notes, t: number): Finding | undefined {
  const { gap, start, end, hash } = tokens
  if ((end[t] as number) - (start[t] as number) !== 4 || gap[t + 1] !== SPACED || gap[t] === GLUED) return undefined
  const own = flags[t + 1] as number
  const year = Number(tokens.text.slice(start[t], end[t]))
  const isUnknown = isCapital(tokens, t + 1) && (own & (WORD_FR | MEDICAL)) === 0 && (year < 1900 || year > 2099)
  const isPlace = (own & MEDICAL) === 0 && (phrase[t + 1] === IN_PLACE || isUnknown)
  const isBefore = t === 0 || gap[t] === NEW_LINE || isMark(tokens, t - 1, /[,;(-]/) || hash[t - 1] === TO
  return isPlace && isBefore ? finding(start[t] as number, end[t] as number, 'postcode') : undefined
}
