/** Dates and timestamps of the Gregorian calendar, strictly: `2024-02-30` is not a date (JavaScript's parser reads a day of March). */

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/
const DAY_MS = 86_400_000

/** @returns days since 1970-01-01, or undefined when the text is not a date of the calendar in the form YYYY-MM-DD */
export function parseCalendarDate(text: string): number | undefined {
  const match = DATE.exec(text)
  return match ? days(Number(match[1]), Number(match[2]), Number(match[3])) : undefined
}

/** @returns milliseconds since 1970-01-01T00:00Z (ISO 8601 with offset; fractions beyond milliseconds are cut), or undefined */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text)
  if (!match) return undefined
  const day = days(Number(match[1]), Number(match[2]), Number(match[3]))
  const hour = Number(match[4])
  const minute = Number(match[5])
  const second = Number(match[6])
  if (day === undefined || hour > 23 || minute > 59 || second > 59) return undefined
  const millisecond = match[7] ? Number(match[7].padEnd(3, '0').slice(0, 3)) : 0
  const zone = match[8] ?? 'Z'
  let offsetMinutes = 0
  if (zone !== 'Z') {
    const hours = Number(zone.slice(1, 3))
    const minutes = Number(zone.slice(4, 6))
    if (hours > 14 || minutes > 59) return undefined
    offsetMinutes = (hours * 60 + minutes) * (zone[0] === '-' ? -1 : 1)
  }
  return day * DAY_MS + ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + millisecond
}

/** @returns `YYYY-MM-DD` of days since 1970-01-01 */
export function formatDate(days: number): string {
  return new Date(days * DAY_MS).toISOString().slice(0, 10)
}

const MONTHS_OF = { month: 1, quarter: 3, year: 12 } as const

/** @returns days since 1970-01-01 of the first day of that day's month, quarter or year */
export function truncateDate(days: number, to: keyof typeof MONTHS_OF): number {
  const date = new Date(days * DAY_MS)
  const months = MONTHS_OF[to]
  const first = new Date(0)
  // As in `days`: Date.UTC reads years below 100 as 19xx.
  first.setUTCFullYear(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / months) * months, 1)
  return first.getTime() / DAY_MS
}

function days(year: number, month: number, day: number): number | undefined {
  if (year < 1 || month < 1 || month > 12 || day < 1) return undefined
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  if (day > (lengths[month - 1] ?? 0)) return undefined
  const utc = new Date(0)
  // Date.UTC reads years below 100 as 19xx; setUTCFullYear does not.
  utc.setUTCFullYear(year, month - 1, day)
  return utc.getTime() / DAY_MS
}
