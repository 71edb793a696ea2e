/** Birth dates as eight characters, YYYYMMDD, with `?` for each digit that is not known. */
import { DATE_FORMATS, type DateFormat } from './traits.ts'

/** Dates that registers write when they know none. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  '19000101',
  '19010101',
  '18000101',
  '11111111',
  '99991231',
  '99999999',
])

const TIME = /[T ]\d{1,2}:.*$/
/** A year first says by itself how the date is written, whatever the others of its column are. */
const YEAR_FIRST = /^\d{4}([-/.])\d{1,2}\1\d{1,2}$/
const COMPACT = /^(?:1[89]|20)\d{6}$/

/**
 * A mistyped date stays as it was typed, even if it is no date of the calendar: its digits still tell who it is.
 *
 * @returns YYYYMMDD; a part that is empty or zero is `??` (year `????`); empty when nothing is known, or the form is another one that does not begin
 *   with the year
 */
export function normaliseBirthDate(text: string, format: DateFormat): string {
  const written = text.trim().replace(TIME, '')
  const parts = partsOf(written, yearFirst(written) ?? format)
  if (!parts) return ''
  const [year, month, day] = parts
  const date = known(year, 4) + known(month, 2) + known(day, 2)
  return PLACEHOLDERS.has(date) || /^\?+$/.test(date) ? '' : date
}

/** @returns the format that reads most of the values; the earlier in the list of formats when two read as many */
export function detectDateFormat(values: Iterable<string>): DateFormat {
  const read = DATE_FORMATS.map(() => 0)
  for (const value of values)
    DATE_FORMATS.forEach((format, at) => {
      const parts = partsOf(value.trim().replace(TIME, ''), format)
      if (parts && Number(parts[1]) <= 12 && Number(parts[2]) <= 31) read[at] = (read[at] ?? 0) + 1
    })
  const most = Math.max(...read)
  return DATE_FORMATS[read.indexOf(most)] ?? 'YYYY-MM-DD'
}

function yearFirst(text: string): DateFormat | undefined {
  return YEAR_FIRST.test(text) ? 'YYYY-MM-DD' : COMPACT.test(text) ? 'YYYYMMDD' : undefined
}

function partsOf(text: string, format: DateFormat): readonly [year: string, month: string, day: string] | undefined {
  if (format === 'YYYYMMDD') {
    const digits = text.replace(/\.0$/, '')
    return /^[\dXx?]{8}$/.test(digits) ? [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)] : undefined
  }
  const [a = '', b = '', c = '', rest] = text.split(/[/.-]/)
  if (rest !== undefined || text === '') return undefined
  const parts =
    format === 'YYYY-MM-DD'
      ? ([a, b, c] as const)
      : format === 'DD/MM/YYYY'
        ? ([c, b, a] as const)
        : ([c, a, b] as const)
  const [year, month, day] = parts
  return year.length <= 4 && year.length !== 1 && month.length <= 2 && day.length <= 2 ? parts : undefined
}

function known(part: string, width: number): string {
  const digits = /^\d+$/.test(part) && Number(part) > 0 ? part.padStart(width, '0') : ''
  return digits.length === width && !(width === 4 && digits.startsWith('00')) ? digits : '?'.repeat(width)
}
