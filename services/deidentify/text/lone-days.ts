/** Days without their month: "opéré le 2 par", "jeudi 9.", "next visit Tues", "on 15/8", "on the 14th", "in 2018". Of layer 3, certain. */
import { hashFolded } from './characters.ts'
import { GLUED, LINE_END, LOWER, MARK, NUMBER, SPACED, type Tokens, UPPER, WORD } from './tokens.ts'
import type { Finding, Language } from './types.ts'
import { setOf } from './word-set.ts'

const LE = hashFolded('le')
const DAYS_FR = setOf('lundi mardi mercredi jeudi vendredi samedi dimanche')
/** Before the date of a note of nurses: nuit 23/11. */
const SHIFTS = setOf('nuit matin soir jour garde midi veille transmissions')
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
  'on dated until since before after rtc appt appointment return returns returned due seen started adm admitted discharged surgery op edd lmp review scan bloods clinic visit fu dated typed dictated planned booked collected drawn labs reviewed signed faxed last next restarted started stopped resumed held completed removed placed inserted extubated intubated repeated begun',
)
const ON = setOf('on dated until since before after by from')

const AFTER_ORDINAL = setOf(
  'for at with and but to by because he she they we when if in via without then or from after before until',
)
/** Of a year that nothing but brackets or an event announces; outside of it are times of day and amounts more often. */
const EARLIEST = 1930
const LATEST = 2039
/** An operation or disease, which has its year beside it in histories. */
const EVENT =
  /(?:^|[^\p{L}])(?:\p{L}{2,14}(?:ectomy|plasty|otomy|ostomy|oscopy|orrhaphy|desis)|surgery|section|fusion|replacement|repair|fracture|stroke|cabg|pci|tia|dvt|transplant|bypass|diagnosed|dx|graduated|retired|married|divorced|widowed|deceased)[ ,]{1,2}$/iu
const LONGEST_EVENT = 26

/** @param t a number */
export function loneDay(tokens: Tokens, t: number, language: Language): Finding | undefined {
  const { type, hash, gap, start, end, text } = tokens
  const length = (end[t] as number) - (start[t] as number)
  if (length === 4) return loneYear(tokens, t, language)
  if (length > 2 || t < 1 || gap[t] !== SPACED || type[t - 1] !== WORD) return undefined
  const day = Number(text.slice(start[t], end[t]))
  if (language === 'en' && day >= 1 && day <= 31 && gap[t + 1] === GLUED && ORDINAL.has(hash[t + 1] as number))
    return hash[t - 1] === THE && ON.has(hash[t - 2] as number) && (isEnd(tokens, t + 2) || goesOn(tokens, t + 2))
      ? dateOf(tokens, t, t + 1)
      : undefined
  if (language === 'en' && isMonthOfYear(tokens, t, day)) return dateOf(tokens, t, t + 2)
  if (language === 'en')
    return (DATED.has(hash[t - 1] as number) && !isThird(tokens, t)) || isDayOverTwelve(tokens, t, day)
      ? dayAndMonth(tokens, t, day)
      : undefined
  if (day < 1 || day > 31) return undefined
  if (SHIFTS.has(hash[t - 1] as number)) return dayAndMonth(tokens, t, day)
  const isAfterWeekday = DAYS_FR.has(hash[t - 1] as number)
  if (!isAfterWeekday && hash[t - 1] !== LE) return undefined
  const monthly = isThird(tokens, t) ? undefined : dayAndMonth(tokens, t, day)
  if (monthly) return monthly
  if (EMERGENCY.has(hash[t] as number) && CALLS.has(hash[t - 2] as number)) return undefined
  const next = t + 1
  const isFollowed =
    type[next] === WORD && gap[next] === SPACED && tokens.written[next] === LOWER && AFTER_DAY.has(hash[next] as number)
  return isEnd(tokens, next) || isFollowed ? dateOf(tokens, t, t) : undefined
}

/** 6/88: a month and a year, where it can be no day; 6/60 is an acuity, 12/40 a week of a pregnancy. */
const isMonthOfYear = ({ text, end }: Tokens, t: number, month: number): boolean =>
  month >= 1 &&
  month <= 12 &&
  /^\/(?:5[3-9]|6[1-9]|[7-9]\d)(?![\p{L}\d/%]|[.]\d|[ ]?mm)/u.test(text.slice(end[t], (end[t] as number) + 8))

/** Le 1/3 moyen, started 1/2 tablet: a part of a whole, not a day. */
const isThird = ({ text, end }: Tokens, t: number): boolean =>
  /^\/[2-4](?:\D|$)/.test(text.slice(end[t], (end[t] as number) + 3)) &&
  /^[123]$/.test(text.slice((end[t] as number) - 1, end[t])) &&
  text[(end[t] as number) - 2] === ' '

/** On the 15th for two weeks: a small word goes on with the sentence; on the 4th floor is no date. */
const goesOn = ({ type, gap, hash, written }: Tokens, t: number): boolean =>
  type[t] === WORD && gap[t] === SPACED && written[t] === LOWER && AFTER_ORDINAL.has(hash[t] as number)

/** 30/8 but not 30/7 or 18/12, which are days and months of a duration, nor 15/30, a score. */
function isDayOverTwelve({ text, start, end }: Tokens, t: number, day: number): boolean {
  const month = /^\/(\d{1,2})(?![\d/%]|[ ]?(?:mg|ml|pm|am)(?![\p{L}]))/u.exec(
    text.slice(end[t], (end[t] as number) + 8),
  )?.[1]
  const number = Number(month)
  return day > 12 && number >= 1 && number <= 11 && number !== 7 && text[(start[t] as number) - 1] === ' '
}

/** In 2018, depuis 2009, (1999), hysterectomy 1994: no measure follows. */
function loneYear(tokens: Tokens, t: number, language: Language): Finding | undefined {
  const { type, hash, gap, start, end, text } = tokens
  const year = Number(text.slice(start[t], end[t]))
  if (year < 1900 || year > 2060 || t < 1) return undefined
  const from = start[t] as number
  if (text[from - 1] === '(' && text[end[t] as number] === ')' && year >= EARLIEST && year <= LATEST)
    return dateOf(tokens, t, t)
  const isEvent =
    language === 'en' &&
    year >= EARLIEST &&
    year <= LATEST &&
    EVENT.test(text.slice(Math.max(0, from - LONGEST_EVENT), from)) &&
    (t + 1 >= tokens.count || type[t + 1] !== NUMBER)
  if (gap[t] !== SPACED || !(IN_YEAR.has(hash[t - 1] as number) || isEvent)) return undefined
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
