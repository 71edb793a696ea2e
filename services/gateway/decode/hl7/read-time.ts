/** Reads the times and days of segments for the mappings. */
import { DAY_FORM, type Moment, type Precision, readDay, readMoment, TIME_FORM } from './moment.ts'
import type { Context, FieldMap } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

/** A segment's field that has a time, in its first component unless another is named; the segment may be missing. */
export type TimeField = readonly [segment: Segment | undefined, field: number, component?: number]

/**
 * @param fields the preferred one first
 * @returns the time of the first field with a value, undefined when none has one; a refusal where it is no time
 */
function momentOf(context: Context, fields: readonly TimeField[]): Moment | undefined | Refusal {
  for (const [segment, field, component] of fields) {
    const text = segment?.text(field, component)
    if (segment === undefined || text === undefined) continue
    const read = readMoment(text, context.settings.localTime)
    return 'fault' in read ? new Refusal(read.fault, segment.at(field, component), TIME_FORM) : read
  }
  return undefined
}

/** @returns ISO 8601 of the first field with a value, undefined when none has one; a refusal where it is no time */
export function timeOf(context: Context, fields: readonly TimeField[]): string | undefined | Refusal {
  const moment = momentOf(context, fields)
  return moment === undefined || moment instanceof Refusal ? moment : new Date(moment.time).toISOString()
}

/** @returns how much of that time was written; null for all of it, and where there is none */
function precisionOf(context: Context, fields: readonly TimeField[]): Precision | null {
  const moment = momentOf(context, fields)
  return moment === undefined || moment instanceof Refusal ? null : moment.precision
}

/** @returns the line of a mapping for the column of the precision, beside that of the time */
export function precisionMap<S extends Context>(
  from: readonly string[],
  fields: (source: S) => readonly TimeField[],
): FieldMap<S> {
  return { from, note: 'null for a time with its seconds', read: (source) => precisionOf(source, fields(source)) }
}

/** @returns as `timeOf`; a refusal of a time without minutes, for a column without a precision */
export function preciseTimeOf(context: Context, fields: readonly TimeField[]): string | undefined | Refusal {
  const precision = precisionOf(context, fields)
  const [segment, field, component] = fields.find(([of, at, part]) => of?.text(at, part) !== undefined) ?? []
  if (precision === null || precision === 'minute' || segment === undefined || field === undefined)
    return timeOf(context, fields)
  return new Refusal('imprecise-date', segment.at(field, component), ['YYYYMMDDHHMM[SS[.SSSS]][+/-ZZZZ]'])
}

/** @returns the day as it was written; null where there is none, or only a year or a month: an invented day would link different people. */
export function dayOf(segment: Segment | undefined, field: number): string | null {
  const { on, precision } = partialDayOf(segment, field)
  return precision === null ? on : null
}

/** @returns as `dayOf`; a refusal for what is no date */
export function dayOrRefusal(segment: Segment, field: number): string | null | Refusal {
  return refusalOf(segment, field) ?? dayOf(segment, field)
}

/** @returns as `partialDayOf`, without its precision; a refusal for what is no date */
export function partialDayOrRefusal(segment: Segment, field: number): string | null | Refusal {
  return refusalOf(segment, field) ?? partialDayOf(segment, field).on
}

function refusalOf(segment: Segment, field: number): Refusal | undefined {
  const text = segment.text(field)
  const read = text === undefined ? undefined : readDay(text)
  return read !== undefined && 'fault' in read ? new Refusal(read.fault, segment.at(field), DAY_FORM) : undefined
}

/** @returns the day, or the first one of the month or the year; what is no date stays as it was written */
export function partialDayOf(
  segment: Segment | undefined,
  field: number,
): { readonly on: string | null; readonly precision: 'year' | 'month' | null } {
  const text = segment?.text(field)
  if (text === undefined) return { on: null, precision: null }
  const read = readDay(text)
  return 'fault' in read ? { on: text, precision: null } : { on: read.day, precision: read.precision }
}
