/** Dates and times of HL7 v2 (DT, TS, DTM): `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`, as precise as they were written. */
import { parseCalendarDate, parseTimestamp } from '#core/contract/calendar.ts'
import type { RecordFault } from '#core/faults/codes.ts'
import type { LocalTime } from './zone.ts'

const FORM = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?)?)?([+-]\d{4})?$/

export type DayRead = { readonly day: string } | { readonly fault: RecordFault }
export type TimeRead = { readonly time: number } | { readonly fault: RecordFault }

/** @returns the day as it was written, in the sender's time zone; `imprecise-date` for a year or a month alone */
export function readDay(text: string): DayRead {
  const [whole, year, month, day] = FORM.exec(text) ?? []
  if (whole === undefined) return { fault: 'date' }
  if (day === undefined) return { fault: 'imprecise-date' }
  const written = `${year}-${month}-${day}`
  return parseCalendarDate(written) === undefined ? { fault: 'date' } : { day: written }
}

/**
 * @param local reads a time without an offset
 * @returns milliseconds since 1970; `imprecise-date` where the minutes are missing: a time of day is not invented
 */
export function readTime(text: string, local: LocalTime): TimeRead {
  const [whole, year, month, day, hour, minute, second = '00', fraction, offset] = FORM.exec(text) ?? []
  if (whole === undefined) return { fault: 'timestamp' }
  if (minute === undefined) return { fault: 'imprecise-date' }
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}`
  const zone = offset === undefined ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`
  const parsed = parseTimestamp(`${wall}${zone}`)
  const time = parsed === undefined || offset !== undefined ? parsed : local(parsed)
  return time === undefined ? { fault: 'timestamp' } : { time }
}

/** @returns a date, or a date and time, in the form of ISO 8601 and as precise as it was written; undefined when it is none */
export function isoText(text: string): string | undefined {
  const [whole, year, month, day, hour, minute, second, fraction, offset] = FORM.exec(text) ?? []
  if (whole === undefined) return undefined
  const date = [year, month, day].filter((part) => part !== undefined).join('-')
  if (hour === undefined) return date
  const time = [hour, minute, second].filter((part) => part !== undefined).join(':')
  const zone = offset === undefined ? '' : `${offset.slice(0, 3)}:${offset.slice(3)}`
  return `${date}T${time}${fraction === undefined ? '' : `.${fraction}`}${zone}`
}
