/** A date of a text, moved by days and written as it was. Forms that can be read in two ways, or have no day or no full year, are not moved. */
import { formatDate, parseCalendarDate } from '#core/contract/calendar.ts'
import type { Language } from './types.ts'

const MONTHS: Readonly<Record<Language, readonly (readonly string[])[]>> = {
  fr: [
    // biome-ignore format: a list of twelve
    ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
    ['janv', 'févr', 'mars', 'avr', 'mai', 'juin', 'juil', 'août', 'sept', 'oct', 'nov', 'déc'],
  ],
  en: [
    // biome-ignore format: a list of twelve
    ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'],
    ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  ],
}
const ISO = /^(\d{4})([/.-])(\d{2})\2(\d{2})$/
const DAY_FIRST = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})$/
/** 12 mars 2024, 1er mars 2024, 3rd of May 2024 */
const DAY_MONTH = /^(\d{1,2})(er|st|nd|rd|th)?( of | )(\p{L}+)(\.?,? )(\d{4})$/u
/** May 3, 2024 */
const MONTH_DAY = /^(\p{L}+)(\.? )(\d{1,2})(st|nd|rd|th)?(,? )(\d{4})$/u

/** @returns undefined for a form that is not moved: it gets a tag */
export function shiftDate(written: string, days: number, language: Language): string | undefined {
  const iso = ISO.exec(written)
  if (iso) {
    const [, year = '', mark = '', month = '', day = ''] = iso
    return moved(year, month, day, days, (y, m, d) => [y, two(m), two(d)].join(mark))
  }
  // 03/04/2024 is in March in the United States, in April elsewhere.
  const numbers = language === 'fr' ? DAY_FIRST.exec(written) : null
  if (numbers) {
    const [, day = '', mark = '', month = '', year = ''] = numbers
    const like = (model: string, value: number) => (model.length === 2 ? two(value) : String(value))
    return moved(year, month, day, days, (y, m, d) => [like(day, d), like(month, m), y].join(mark))
  }
  const dayMonth = DAY_MONTH.exec(written)
  if (dayMonth) {
    const [, day = '', ordinal, between = '', word = '', gap = '', year = ''] = dayMonth
    return withWord(word, language, (month, name) =>
      moved(year, month, day, days, (y, m, d) => `${dayAs(day, d)}${suffix(ordinal, d)}${between}${name(m)}${gap}${y}`),
    )
  }
  const monthDay = language === 'en' ? MONTH_DAY.exec(written) : null
  if (!monthDay) return undefined
  const [, word = '', gap = '', day = '', ordinal, between = '', year = ''] = monthDay
  return withWord(word, language, (month, name) =>
    moved(year, month, day, days, (y, m, d) => `${name(m)}${gap}${dayAs(day, d)}${suffix(ordinal, d)}${between}${y}`),
  )
}

function moved(
  year: string,
  month: string,
  day: string,
  days: number,
  write: (year: string, month: number, day: number) => string,
): string | undefined {
  const before = parseCalendarDate(`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`)
  if (before === undefined) return undefined
  const [y = '', m = '', d = ''] = formatDate(before + days).split('-')
  return write(y, Number(m), Number(d))
}

/** @param make gets the month's number, and how another month is written in the same style */
function withWord(
  word: string,
  language: Language,
  make: (month: string, name: (month: number) => string) => string | undefined,
): string | undefined {
  const plain = bare(word)
  for (const names of MONTHS[language]) {
    const index = names.findIndex((name) => bare(name) === plain)
    if (index < 0) continue
    // Without the accents of its own month, the writer has none for another one.
    const isAccented = isMarked(word) || !isMarked(names[index] ?? '')
    return make(String(index + 1), (month) => {
      const name = names[month - 1] ?? ''
      return inCase(word, isAccented ? name : bare(name))
    })
  }
  return undefined
}

function inCase(model: string, name: string): string {
  if (model === model.toUpperCase()) return name.toUpperCase()
  const first = model[0] ?? ''
  return first === first.toUpperCase() ? `${(name[0] ?? '').toUpperCase()}${name.slice(1)}` : name
}

function isMarked(word: string): boolean {
  return /\p{M}/u.test(word.normalize('NFD'))
}

function bare(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** French has an ordinal for the first day only. */
function suffix(ordinal: string | undefined, day: number): string {
  if (ordinal === undefined) return ''
  if (ordinal === 'er') return day === 1 ? 'er' : ''
  const teen = day >= 11 && day <= 13
  return teen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')
}

const two = (value: number): string => String(value).padStart(2, '0')
const dayAs = (model: string, day: number): string => (model.startsWith('0') ? two(day) : String(day))
