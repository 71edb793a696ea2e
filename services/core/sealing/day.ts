/** Days of the sealing keys: calendar days of UTC, as numbers since 1970-01-01 and as text. */

const DAY_MS = 86_400_000

/** @param now milliseconds since 1970 @returns days since 1970-01-01 */
export function dayOf(now: number): number {
  return Math.floor(now / DAY_MS)
}

/** @returns milliseconds since 1970 at which the day is over */
export function endOf(day: number): number {
  return (day + 1) * DAY_MS
}

/** @returns YYYY-MM-DD */
export function textOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** @returns undefined for a text that is not a day of the calendar, as YYYY-MM-DD */
export function parseDay(text: string): number | undefined {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(time)) return undefined
  const day = dayOf(time)
  return textOfDay(day) === text ? day : undefined
}
