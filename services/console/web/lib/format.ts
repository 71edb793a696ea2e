/** Figures as text, always with a unit. Times of day are in the browser's time zone. */
const whole = new Intl.NumberFormat('en')
const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

export const NOT_KNOWN = '–'

export function count(n: number | null): string {
  return n === null ? NOT_KNOWN : whole.format(n)
}

/** @param n per second */
export function rate(n: number | null): string {
  if (n === null) return NOT_KNOWN
  return n > 0 && n < 10 ? oneDecimal.format(n) : whole.format(Math.round(n))
}

/** @returns [figure, unit] */
export function seconds(s: number | null): readonly [string, string] {
  if (s === null) return [NOT_KNOWN, '']
  if (s < 0.9995) return [whole.format(Math.round(s * 1000)), 'ms']
  if (s < 9.95) return [oneDecimal.format(s), 's']
  if (s < 120) return [whole.format(Math.round(s)), 's']
  if (s < 7200) return [whole.format(Math.round(s / 60)), 'min']
  return [oneDecimal.format(s / 3600), 'h']
}

export function secondsText(s: number | null): string {
  return seconds(s).join(' ').trim()
}

export function bytes(n: number | null): string {
  if (n === null) return NOT_KNOWN
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let at = 0
  let value = n
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000
    at++
  }
  return `${value < 10 && at > 0 ? oneDecimal.format(value) : whole.format(Math.round(value))} ${units[at]}`
}

/** @param share 0 to 1 */
export function percent(share: number | null): string {
  if (share === null) return NOT_KNOWN
  const value = share * 100
  if (value > 0 && value < 0.1) return '< 0.1 %'
  return `${oneDecimal.format(value)} %`
}

export function timeOfDay(date: Date): string {
  return clock.format(date)
}

/** @returns the time of day, with the day if it was not today */
export function when(iso: string | null, now: Date): string {
  if (iso === null) return NOT_KNOWN
  const date = new Date(iso)
  return date.toDateString() === now.toDateString() ? clock.format(date) : dayAndTime.format(date)
}

/** @returns the hour that begins at `iso`: "16:00 to 17:00"; with its day if it was not today */
export function hourOf(iso: string | null, now: Date): string {
  if (iso === null) return NOT_KNOWN
  const begin = new Date(iso)
  if (begin.toDateString() !== now.toDateString()) return dayAndTime.format(begin)
  const end = new Date(begin.getTime() + 3_600_000)
  return `${clock.format(begin).slice(0, 5)} to ${clock.format(end).slice(0, 5)}`
}

/** @returns the duration, approximately: "4 s", "12 min", "3 h 5 min", "2 d 4 h" */
export function duration(s: number): string {
  const total = Math.max(0, Math.round(s))
  if (total < 120) return `${total} s`
  const minutes = Math.floor(total / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** @returns the time since `iso`, approximately */
export function since(iso: string, now: Date): string {
  return duration((now.getTime() - Date.parse(iso)) / 1000)
}
