/** FHIR allows dates with only a year, a month or a day; the contracts' timestamps need a time. */
import { type Json, object, text } from './json.ts'

const PARTIAL = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/

/**
 * @param value a FHIR dateTime or instant
 * @returns ISO 8601 with an offset: a partial date becomes its first instant in UTC; another text stays as it is, and the
 * contract rejects it
 */
export function timestampOf(value: unknown): string | undefined {
  const given = text(value)
  if (given === undefined) return undefined
  const match = PARTIAL.exec(given)
  return match ? `${match[1]}-${match[2] ?? '01'}-${match[3] ?? '01'}T00:00:00Z` : given
}

/**
 * @returns the day as it was written, in its own time zone; undefined for a year or a month alone: an invented day would link
 * different people
 */
export function dayOf(value: unknown): string | undefined {
  const given = text(value)
  if (given === undefined || /^\d{4}(-\d{2})?$/.test(given)) return undefined
  return /^\d{4}-\d{2}-\d{2}T/.test(given) ? given.slice(0, 10) : given
}

export function startOf(period: unknown): string | undefined {
  return timestampOf(object(period)?.start)
}

export function endOf(period: unknown): string | undefined {
  return timestampOf(object(period)?.end)
}

/** @returns the first of a choice element (`performed[x]` and the like) that has a time: a dateTime or a period's start */
export function momentOf(resource: Json, name: string): string | undefined {
  return (
    timestampOf(resource[`${name}DateTime`]) ??
    timestampOf(resource[`${name}Instant`]) ??
    startOf(resource[`${name}Period`])
  )
}
