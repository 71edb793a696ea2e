/** FHIR allows dates with only a year, a month or a day; a contract's date is then the first instant, and its precision says so. */
import { type Json, object, text } from '#core/fhir/json.ts'

const PARTIAL = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/

export type Precision = 'year' | 'month' | 'day'

export interface Moment {
  /** ISO 8601 with an offset; a text that is no date of FHIR stays as it is, and the contract rejects it. */
  readonly at: string | undefined
  /** How much of it was written; null for a time in full. */
  readonly precision: Precision | null
}

export interface Day {
  /** `YYYY-MM-DD`, as it was written in its own time zone. */
  readonly on: string | null
  /** Null for a day in full. */
  readonly precision: 'year' | 'month' | null
}

/** @returns the first of the values that is there, a FHIR dateTime or instant */
export function momentOf(...values: readonly unknown[]): Moment {
  const given = values.map(text).find((value) => value !== undefined)
  const match = given === undefined ? null : PARTIAL.exec(given)
  if (!match) return { at: given, precision: null }
  const [, year, month, day] = match
  return { at: `${year}-${month ?? '01'}-${day ?? '01'}T00:00:00Z`, precision: day ? 'day' : month ? 'month' : 'year' }
}

/** @returns the first of the values that is there, a FHIR date or dateTime */
export function dayOf(...values: readonly unknown[]): Day {
  const given = values.map(text).find((value) => value !== undefined)
  if (given === undefined) return { on: null, precision: null }
  if (/^\d{4}-\d{2}-\d{2}T/.test(given)) return { on: given.slice(0, 10), precision: null }
  const match = PARTIAL.exec(given)
  if (!match || match[3]) return { on: given, precision: null }
  return { on: `${match[1]}-${match[2] ?? '01'}-01`, precision: match[2] ? 'month' : 'year' }
}

/** @returns the values of a choice element (`performed[x]` and the like) that are the time of an event, or its start */
export function startsOf(resource: Json, name: string): readonly unknown[] {
  return [resource[`${name}DateTime`], resource[`${name}Instant`], startOf(resource[`${name}Period`])]
}

export function startOf(period: unknown): unknown {
  return object(period)?.start
}

export function endOf(period: unknown): unknown {
  return object(period)?.end
}
