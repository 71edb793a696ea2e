/** Reads the times and days of segments for the mappings. */
import { readDay, readTime } from './moment.ts'
import type { Context } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

/** A segment's field that has a time; the segment may be missing. */
export type TimeField = readonly [segment: Segment | undefined, field: number]

/**
 * @param fields the preferred one first
 * @returns ISO 8601 of the first field with a value, undefined when none has one; a refusal where it is no time, or not precise enough
 */
export function timeOf(context: Context, ...fields: readonly TimeField[]): string | undefined | Refusal {
  for (const [segment, field] of fields) {
    const text = segment?.text(field)
    if (segment === undefined || text === undefined) continue
    const read = readTime(text, context.settings.localTime)
    return 'fault' in read ? new Refusal(read.fault, segment.at(field)) : new Date(read.time).toISOString()
  }
  return undefined
}

/**
 * @returns the day as it was written; null where there is none, or only a year or a month: an invented day would link different people.
 * What is no date stays as it was written, and the contract rejects it.
 */
export function dayOf(segment: Segment | undefined, field: number): string | null {
  const text = segment?.text(field)
  if (text === undefined) return null
  const read = readDay(text)
  if ('day' in read) return read.day
  return read.fault === 'imprecise-date' ? null : text
}
