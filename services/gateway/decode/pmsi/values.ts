/** Values of columns in the form of the contract's JSON, or why they have none. */
import { parseCalendarDate } from '#core/contract/calendar.ts'
import { type Columns, textAt } from '#core/pmsi/layout.ts'
import type { Line } from './line.ts'
import { Refusal } from './refusal.ts'

type Read = Pick<Line, 'text'>
const DATE_FORM = 'DDMMYYYY'

/** @returns null where the columns are empty */
export function textOf(line: Read, columns: Columns): string | null {
  return textAt(line, columns) || null
}

export function requiredText(line: Read, columns: Columns): string | Refusal {
  return textOf(line, columns) ?? new Refusal('required', columns)
}

/** @returns YYYY-MM-DD */
export function dateOf(line: Read, columns: Columns): string | Refusal {
  const written = textAt(line, columns)
  if (written === '') return new Refusal('required', columns)
  const [whole, day, month, year] = /^(\d{2})(\d{2})(\d{4})$/.exec(written) ?? []
  const date = `${year}-${month}-${day}`
  if (whole === undefined || parseCalendarDate(date) === undefined) return new Refusal('date', columns, [DATE_FORM])
  return date
}

export interface Birth {
  readonly date: string | null
  /** The first day of the month or the year, where the day is not known. */
  readonly partial: string | null
  readonly precision: 'year' | 'month' | null
}

/** A day, or a day and a month, that are not known are written 00. */
export function birthOf(line: Read, columns: Columns): Birth | Refusal {
  const [, month, year] = /^00(\d{2})(\d{4})$/.exec(textAt(line, columns)) ?? []
  if (year === undefined) {
    const date = dateOf(line, columns)
    return date instanceof Refusal ? date : { date, partial: null, precision: null }
  }
  const partial = `${year}-${month === '00' ? '01' : month}-01`
  if (parseCalendarDate(partial) === undefined) return new Refusal('date', columns, [DATE_FORM])
  return { date: null, partial, precision: month === '00' ? 'year' : 'month' }
}

/** @returns null where the columns are empty */
function numberOf(line: Read, columns: Columns): number | null | Refusal {
  const written = textAt(line, columns)
  if (written === '') return null
  return /^\d+$/.test(written) ? Number(written) : new Refusal('type', columns)
}

/** Fields that say nothing are padded with zeros: a weight or a number of sessions of 0 is none. */
export function countOf(line: Read, columns: Columns): number | null | Refusal {
  const number = numberOf(line, columns)
  return number === 0 ? null : number
}

/** 1: yes, 2: no. */
export function yesNoOf(line: Read, columns: Columns): boolean | null | Refusal {
  const written = textAt(line, columns)
  if (written === '') return null
  return written === '1' || written === '2' ? written === '1' : new Refusal('enum', columns, ['1', '2'])
}

const SEXES: Readonly<Record<string, string>> = { '1': 'male', '2': 'female', '3': 'unknown' }

export function sexOf(line: Read, columns: Columns): string | Refusal {
  return SEXES[textAt(line, columns)] ?? new Refusal('enum', columns, Object.keys(SEXES))
}
