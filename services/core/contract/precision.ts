/** How much of a date or time its source wrote. The value is the first instant of the period; its end follows from the precision. */

/** The first instant after the period that begins at a time, by the name of the precision. */
export const PRECISIONS: ReadonlyMap<string, (start: Date) => number> = new Map([
  ['year', (start: Date) => startOfMonth(start, 12)],
  ['month', (start: Date) => startOfMonth(start, 1)],
  ['day', (start: Date) => start.getTime() + 86_400_000],
  ['hour', (start: Date) => start.getTime() + 3_600_000],
  ['minute', (start: Date) => start.getTime() + 60_000],
])

/** Instants from the first to the last, milliseconds since 1970; a time in full is both. */
export interface Period {
  readonly first: number
  readonly last: number
}

const HOUR_MS = 3_600_000
/** A date without a time has no zone either: a day begins first at UTC+14, and ends last at UTC-12. */
const EAST_MS = 14 * HOUR_MS
const WEST_MS = 12 * HOUR_MS

/**
 * @param start milliseconds since 1970
 * @param precision a value of the field that says it; anything but a name of `PRECISIONS` is a time in full
 * @returns every instant that the source can have meant
 */
export function periodOf(start: number, precision: unknown): Period {
  const next = PRECISIONS.get(String(precision))
  if (!next) return { first: start, last: start }
  const last = next(new Date(start)) - 1
  const timed = precision === 'hour' || precision === 'minute'
  return timed ? { first: start, last } : { first: start - EAST_MS, last: last + WEST_MS }
}

function startOfMonth(start: Date, monthsLater: number): number {
  const next = new Date(start)
  next.setUTCMonth(start.getUTCMonth() + monthsLater)
  return next.getTime()
}
