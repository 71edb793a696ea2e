/** Days without their month: "opéré le 2 par", "jeudi 9.", "next visit Tues", "on 15/8", "on the 14th", "in 2018". Of layer 3, certain. */
import { hashFolded } from './characters.ts'
import { GLUED, LINE_END, LOWER, MARK, NUMBER, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding, Language } from './types.ts'

const setOf = (words: string): ReadonlySet<number> => new Set(words.split(' ').map((word) => hashFolded(word)))
const LE = hashFolded('le')
const DAYS_FR = setOf('lundi mardi mercredi jeudi vendredi samedi dimanche')
const AFTER_DAY = setOf('a au par pour avec puis et en sans devant d de chez dans suite apres avant sous vers car')
/** Before `le 15`: a telephone number. */
const CALLS = setOf('appeler appelez appelle composer composez faire faites contacter joindre rappeler')
const EMERGENCY = setOf('15 17 18')
const SHORT_DAYS = setOf('tue tues weds thur thurs')
const SHORT_DAYS_AMBIGUOUS = setOf('mon wed thu fri sat sun')
const BEFORE_DAY = setOf('on next last this until till by every since for visit due seen')
const IN_YEAR = setOf('in since until during circa en depuis des jusqu')
const UNITS = setOf('ml cc mg g kg mcg units ui iu kcal cal m mm cm steps feet pas l patients cas cases')
const THE = hashFolded('the')
const ORDINAL = setOf('st nd rd th')
const DATED = setOf(
  'on dated until since before after rtc appt appointment return returns returned due seen started adm admitted discharged surgery edd lmp collected drawn labs reviewed signed faxed last next',
)
const ON = setOf('on dated until since before after by from')

/** @param t a number */
export function loneDay(tokens: Tokens, t: number, language: Language): Finding | undefined {
  const { type, hash, gap, start, end, text } = tokens
  const length = (end[t] as number) - (start[t] as number)
  if (length === 4) return loneYear(tokens, t)
  if (length > 2 || t < 1 || gap[t] !== SPACED || type[t - 1] !== WORD) return undefined
  const day = Number(text.slice(start[t], end[t]))
  if (language === 'en' && day >= 1 && day <= 31 && gap[t + 1] === GLUED && ORDINAL.has(hash[t + 1] as number))
    return hash[t - 1] === THE && ON.has(hash[t - 2] as number) && isEnd(tokens, t + 2)
      ? dateOf(tokens, t, t + 1)
      : undefined
  if (language === 'en') return DATED.has(hash[t - 1] as number) ? dayAndMonth(tokens, t, day) : undefined
  if (day < 1 || day > 31) return undefined
  const isAfterWeekday = DAYS_FR.has(hash[t - 1] as number)
  if (!isAfterWeekday && hash[t - 1] !== LE) return undefined
  if (EMERGENCY.has(hash[t] as number) && CALLS.has(hash[t - 2] as number)) return undefined
  const next = t + 1
  const isFollowed =
    type[next] === WORD && gap[next] === SPACED && tokens.written[next] === LOWER && AFTER_DAY.has(hash[next] as number)
  return isEnd(tokens, next) || isFollowed ? dateOf(tokens, t, t) : undefined
}

/** In 2018, depuis 2009: no measure follows. */
function loneYear(tokens: Tokens, t: number): Finding | undefined {
  const { type, hash, gap, start, end, text } = tokens
  const year = Number(text.slice(start[t], end[t]))
  if (year < 1900 || year > 2060 || t < 1 || gap[t] !== SPACED || !IN_YEAR.has(hash[t - 1] as number)) return undefined
  const next = t + 1
  if (gap[next] === GLUED && (type[next] !== MARK || type[next + 1] === NUMBER)) return undefined
  return type[next] === WORD && UNITS.has(hash[next] as number) ? undefined : dateOf(tokens, t, t)
}

/** A mark or the end of the line. */
const isEnd = ({ count, type, gap, text, start }: Tokens, t: number): boolean =>
  t >= count ||
  type[t] === LINE_END ||
  (type[t] === MARK &&
    gap[t] === GLUED &&
    /[.,;)]/.test(text[start[t] as number] as string) &&
    !(type[t + 1] === NUMBER && gap[t + 1] === GLUED))

/** 15/8 after "on": not a measure such as 5/5. */
function dayAndMonth(tokens: Tokens, t: number, first: number): Finding | undefined {
  const { type, gap, start, end, text } = tokens
  if (type[t + 1] !== MARK || text[start[t + 1] as number] !== '/' || gap[t + 1] !== GLUED) return undefined
  if (type[t + 2] !== NUMBER || gap[t + 2] !== GLUED || (end[t + 2] as number) - (start[t + 2] as number) > 2)
    return undefined
  if (gap[t + 3] === GLUED && type[t + 3] !== MARK) return undefined
  if (gap[t + 3] === GLUED && text[start[t + 3] as number] === '/') return undefined
  const second = Number(text.slice(start[t + 2], end[t + 2]))
  const isDate = first >= 1 && second >= 1 && ((first <= 12 && second <= 31) || (first <= 31 && second <= 12))
  return isDate ? dateOf(tokens, t, t + 2) : undefined
}

/** Tues, Thurs; Mon, Wed, Fri, Sat, Sun only after a word for a time. @param t a word */
export function loneWeekday(tokens: Tokens, t: number, language: Language): Finding | undefined {
  if (language !== 'en' || tokens.written[t] === LOWER || tokens.written[t] === UPPER) return undefined
  const hash = tokens.hash[t] as number
  const isDay = SHORT_DAYS.has(hash) || (SHORT_DAYS_AMBIGUOUS.has(hash) && BEFORE_DAY.has(tokens.hash[t - 1] as number))
  return isDay ? dateOf(tokens, t, t) : undefined
}

const dateOf = ({ start, end }: Tokens, first: number, last: number): Finding => ({
  start: start[first] as number,
  end: end[last] as number,
  kind: 'date',
  certain: true,
})
