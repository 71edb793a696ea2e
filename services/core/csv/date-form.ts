/** Dates and times in the form that a mapping declares, as precise as they were written. */
import { parseCalendarDate, parseTimestamp } from '../contract/calendar.ts'
import type { LocalTime } from '../contract/local-time.ts'

/** Parts of a form; a single letter is a number of one or two digits. `fff`: 1 to 9 digits. `Z`: `Z` or an offset. */
const PARTS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{2})',
  D: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  fff: '(?<fraction>\\d{1,9})',
  Z: '(?<offset>Z|[+-]\\d{2}:?\\d{2})',
}
const PART = /YYYY|MM?|DD?|HH?|mm|ss|fff|Z/g

export type Precision = 'day' | 'hour' | 'minute'

export interface Moment {
  /** Milliseconds since 1970. */
  readonly time: number
  /** How much of it was written; null for a time with its seconds. */
  readonly precision: Precision | null
}

export interface DateForm {
  readonly form: string
  readonly hasTime: boolean
  /** Whether it has minutes. */
  readonly precise: boolean
  readonly hasOffset: boolean
  /** @returns `YYYY-MM-DD`; undefined for what is no date of the calendar in this form */
  day(text: string): string | undefined
  /**
   * @param local reads a time without an offset
   * @returns a date without a time of day is in no time zone: its first instant is that of UTC
   */
  moment(text: string, local: LocalTime): Moment | undefined
}

/** @returns undefined when the form lacks the year, the month or the day, or has a part twice or in vain */
export function dateForm(form: string): DateForm | undefined {
  const names: string[] = []
  let pattern = ''
  let from = 0
  for (const { 0: part, index } of form.matchAll(PART)) {
    const between = form.slice(from, index)
    // A letter between the parts is a misspelt part, but for the T of ISO 8601.
    if (/[^\sT\d/.:,_-]/.test(between)) return undefined
    pattern += `${literal(between)}${PARTS[part]}`
    names.push(/\?<(\w+)>/.exec(PARTS[part] ?? '')?.[1] ?? '')
    from = index + part.length
  }
  const rest = form.slice(from)
  const has = (name: string) => names.includes(name)
  const inVain =
    (has('minute') && !has('hour')) || (has('second') && !has('minute')) || (has('fraction') && !has('second'))
  if (/[^\s/.:_-]/.test(rest) || new Set(names).size < names.length || inVain || (has('offset') && !has('hour')))
    return undefined
  if (!has('year') || !has('month') || !has('day')) return undefined
  const expression = new RegExp(`^${pattern}${literal(rest)}$`)
  const precision = !has('hour') ? 'day' : !has('minute') ? 'hour' : !has('second') ? 'minute' : null
  const dayOf = ({ year, month = '', day = '' }: Partial<Record<string, string>>) =>
    `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  return {
    form,
    hasTime: has('hour'),
    precise: has('minute'),
    hasOffset: has('offset'),
    day(text) {
      const parts = expression.exec(text)?.groups
      const day = parts && dayOf(parts)
      return day !== undefined && parseCalendarDate(day) !== undefined ? day : undefined
    },
    moment(text, local) {
      const parts = expression.exec(text)?.groups
      if (!parts) return undefined
      const { hour = '0', minute = '00', second = '00', fraction, offset } = parts
      const clock = `${hour.padStart(2, '0')}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}`
      const zone = offset === undefined || offset === 'Z' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(-2)}`
      const parsed = parseTimestamp(`${dayOf(parts)}T${clock}${zone}`)
      const time = parsed === undefined || offset !== undefined || precision === 'day' ? parsed : local(parsed)
      return time === undefined ? undefined : { time, precision }
    },
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
