/** FHIR's dates may stop at the year, the month or the day; the contracts' timestamps may not. */
import { type Json, object, text } from './json.ts'

const PARTIAL = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/

/**
 * @param value a FHIR dateTime or instant
 * @returns ISO 8601 with an offset: a partial date becomes its first instant in UTC; what is no date stays as it is, for the
 * contract to reject
 */
export function timestampOf(value: unknown): string | undefined {
  const given = text(value)
  if (given === undefined) return undefined
  const match = PARTIAL.exec(given)
  return match ? `${match[1]}-${match[2] ?? '01'}-${match[3] ?? '01'}T00:00:00Z` : given
}

/**
 * @returns the day as it was written, in its own time zone; undefined for a year or a month alone: a made-up day would link
 * people who are not the same
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

/** @returns the first of a choice element (`performed[x]` and the like) that holds a time: a dateTime or a period's start */
export function momentOf(resource: Json, name: string): string | undefined {
  return (
    timestampOf(resource[`${name}DateTime`]) ??
    timestampOf(resource[`${name}Instant`]) ??
    startOf(resource[`${name}Period`])
  )
}
