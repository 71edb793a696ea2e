/** An age instead of a birth date, in bands of which the last has no end, or the year of birth with the same limit. */
import { TOP_AGE } from '../contract/check-privacy.ts'

/** Days since 1970-01-01, both included: what the source can have meant. */
export interface Days {
  readonly first: number
  readonly last: number
}

const DAY_MS = 86_400_000

/** @returns full years at that day; a person of 29 February is a year older on 1 March where the year has no such day */
export function ageAt(birth: number, day: number): number {
  const from = new Date(birth * DAY_MS)
  const to = new Date(day * DAY_MS)
  const years = to.getUTCFullYear() - from.getUTCFullYear()
  const months = to.getUTCMonth() - from.getUTCMonth()
  const reached = months > 0 || (months === 0 && to.getUTCDate() >= from.getUTCDate())
  return reached ? years : years - 1
}

/** @param edges ages at which a band begins; the first is 0 @returns as `5-14`, `0` for a band of one year, `90+` for the last */
export function ageBands(edges: readonly number[]): readonly string[] {
  return edges.map((from, index) => {
    const next = edges[index + 1]
    if (next === undefined) return `${from}+`
    return next === from + 1 ? String(from) : `${from}-${next - 1}`
  })
}

/** @returns a function to the band of an age; null before birth, and where the dates are not exact enough for one band */
export function ageBand(edges: readonly number[]): (birth: Days, at: Days) => string | null {
  const bands = ageBands(edges)
  return (birth, at) => {
    const [youngest, oldest] = [ageAt(birth.last, at.first), ageAt(birth.first, at.last)].map((age) =>
      edges.findLastIndex((edge) => edge <= age),
    )
    return youngest === oldest && youngest !== undefined ? (bands[youngest] ?? null) : null
  }
}

/** @returns the year of birth, or the latest one of a person of 90 at that time; null before birth */
export function birthYear(birth: Days, at: Days): number | null {
  const now = new Date(at.first * DAY_MS).getUTCFullYear()
  const born = new Date(birth.first * DAY_MS).getUTCFullYear()
  return born > now ? null : Math.max(born, now - TOP_AGE)
}
