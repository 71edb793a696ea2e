/** Dates and times (DA, TM, DT), as precise as they were written, in the time zone of (0008,0201) or, without it, in that of the hospital. */
import type { LocalTime } from '#core/contract/local-time.ts'
import type { Elements } from '#core/dicom/dataset.ts'
import { type Moment, readMoment } from '../hl7/moment.ts'
import { Refusal } from './refusal.ts'
import { plainOf } from './values.ts'

/** Tags of a time: of a DT alone, or of a DA and its TM. */
export type TimeTags = readonly [date: string, time?: string]

/** Of `YYYYMMDD`. */
const DAY_DIGITS = 8
const OFFSET = '(0008,0201)'
/** `YYYYMMDD`; before 1993 with dots. */
const DATE = /^(\d{4})\.?(\d{2})\.?(\d{2})$/
/** `HH[MM[SS[.F{1,6}]]]`; before 1993 with colons. */
const TIME = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?$/
const DATE_TIME = /^(\d{4,14})(?:\.(\d{1,6}))?([+-]\d{4})?$/

/** @returns the first instant of what was written; undefined when the date has no value */
export function momentOf(of: Elements, [date, time]: TimeTags, local: LocalTime): Moment | undefined | Refusal {
  const day = plainOf(of, date)
  const clock = time === undefined ? undefined : plainOf(of, time)
  const offset = plainOf(of, OFFSET)
  for (const part of [day, clock, offset]) if (part instanceof Refusal) return part
  if (typeof day !== 'string') return undefined
  const written = time === undefined ? dateTime(day) : dateAndTime(day, clock as string | undefined)
  if (written === undefined) return new Refusal('timestamp', time !== undefined && DATE.test(day) ? time : date)
  const zoned = typeof offset === 'string' && /\d{10}/.test(written) && !/[+-]/.test(written)
  const read = readMoment(zoned ? `${written}${offset}` : written, local)
  if ('time' in read) return read
  const reads = (text: string) => 'time' in readMoment(text, local)
  if (zoned && reads(written)) return new Refusal('timestamp', OFFSET)
  return new Refusal('timestamp', time !== undefined && reads(written.slice(0, DAY_DIGITS)) ? time : date)
}

/** @returns the form that HL7 v2 has for the same; undefined for what is no date, or no time */
function dateAndTime(day: string, clock = ''): string | undefined {
  const [whole, year, month, date] = DATE.exec(day) ?? []
  if (whole === undefined) return undefined
  if (clock === '') return `${year}${month}${date}`
  const [timed, hour, minute = '', second = '', fraction] = TIME.exec(clock) ?? []
  return timed === undefined ? undefined : `${year}${month}${date}${hour}${minute}${second}${millis(fraction)}`
}

function dateTime(text: string): string | undefined {
  const [whole, digits, fraction, offset = ''] = DATE_TIME.exec(text) ?? []
  return whole === undefined ? undefined : `${digits}${millis(fraction)}${offset}`
}

/** Times are kept in milliseconds. */
function millis(fraction: string | undefined): string {
  return fraction === undefined ? '' : `.${fraction.slice(0, 3)}`
}
