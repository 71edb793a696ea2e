/** Dates and times of a record in days, and how much of them the source wrote. */
import { truncateDate } from '../contract/calendar.ts'
import type { FieldContract } from '../contract/types.ts'
import type { Days } from './age.ts'

type Values = Readonly<Record<string, unknown>>

const DAY_MS = 86_400_000

/** @returns the day in UTC, since 1970-01-01 */
export function dayOf({ kind }: FieldContract, value: unknown): number {
  return kind === 'date' ? Number(value) : Math.floor(Number(value) / DAY_MS)
}

/** @returns the days that the source can have meant: more than one where it wrote a month or a year */
export function daysOf(field: FieldContract, record: Values): Days | undefined {
  const value = record[field.name]
  if (value === null || value === undefined) return undefined
  const first = dayOf(field, value)
  const unit = coarseUnit(field, record)
  return { first, last: unit === undefined ? first : nextPeriod(first, unit) - 1 }
}

/**
 * @param days that the value is moved by
 * @returns the moved value. Where the source wrote a month or a year, it is cut to that again: the first of a month, moved by some days,
 *   would say by how many.
 */
export function shifted(field: FieldContract, record: Values, days: number): number {
  const unit = coarseUnit(field, record)
  const value = Number(record[field.name])
  const moved = field.kind === 'date' ? value + days : value + days * DAY_MS
  if (unit === undefined) return moved
  const first = truncateDate(dayOf(field, moved), unit)
  return field.kind === 'date' ? first : first * DAY_MS
}

function coarseUnit({ precision }: FieldContract, record: Values): 'month' | 'year' | undefined {
  const written = precision === undefined ? undefined : record[precision]
  return written === 'month' || written === 'year' ? written : undefined
}

function nextPeriod(first: number, unit: 'month' | 'year'): number {
  const date = new Date(first * DAY_MS)
  date.setUTCMonth(date.getUTCMonth() + (unit === 'month' ? 1 : 12))
  return date.getTime() / DAY_MS
}
