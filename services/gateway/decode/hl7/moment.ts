/** Dates and times of HL7 v2 (DT, TS, DTM): `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`, as precise as they were written. */
import { parseCalendarDate, parseTimestamp } from '#core/contract/calendar.ts'
import type { LocalTime } from '#core/contract/local-time.ts'
import type { RecordFault } from '#core/faults/codes.ts'

const FORM = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?)?)?([+-]\d{4})?$/

/** What errors say of the form; a local time that the clock skips is none either. */
export const TIME_FORM = ['YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+/-ZZZZ]']
export const DAY_FORM = ['YYYY[MM[DD]]']

export type Precision = 'year' | 'month' | 'day' | 'hour' | 'minute'

export interface Moment {
  /** Milliseconds since 1970. */
  readonly time: number
  /** How much of it was written; null for a time with its seconds. */
  readonly precision: Precision | null
}

export interface Day {
  /** The first day of a month or a year. */
  readonly day: string
  /** Null for a day in full. */
  readonly precision: 'year' | 'month' | null
}

export interface Unreadable {
  readonly fault: RecordFault
}

/** @returns the day as it was written, in the sender's time zone */
export function readDay(text: string): Day | Unreadable {
  const [whole, year, month, day] = FORM.exec(text) ?? []
  if (whole === undefined) return { fault: 'date' }
  const written = `${year}-${month ?? '01'}-${day ?? '01'}`
  if (parseCalendarDate(written) === undefined) return { fault: 'date' }
  return { day: written, precision: day !== undefined ? null : month !== undefined ? 'month' : 'year' }
}

/**
 * @param local reads a time without an offset
 * @returns the first instant of what was written; a date without a time of day is in no time zone, and its first instant is that of UTC
 */
export function readMoment(text: string, local: LocalTime): Moment | Unreadable {
  const [whole, year, month, day, hour, minute, second, fraction, offset] = FORM.exec(text) ?? []
  if (whole === undefined) return { fault: 'timestamp' }
  const date = `${year}-${month ?? '01'}-${day ?? '01'}`
  const wall = `${date}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}${fraction === undefined ? '' : `.${fraction}`}`
  const fixed = hour === undefined || offset !== undefined
  const zone = hour === undefined || offset === undefined ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`
  const parsed = parseTimestamp(`${wall}${zone}`)
  const time = parsed === undefined || fixed ? parsed : local(parsed)
  if (time === undefined) return { fault: 'timestamp' }
  return { time, precision: precisionOf(month, day, hour, minute, second) }
}

/** @param parts from the month to the second, each there only when the one before is */
function precisionOf(...parts: readonly (string | undefined)[]): Precision | null {
  const names = ['year', 'month', 'day', 'hour', 'minute'] as const
  const missing = parts.indexOf(undefined)
  return missing === -1 ? null : (names[missing] ?? null)
}
