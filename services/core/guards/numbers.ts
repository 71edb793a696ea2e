/** Numbers that may be kept: where no range is declared, too short for the number of a person. */
import type { GuardCase } from '../contract/guard-schema.ts'

/** A number of a patient has 7 digits or more in most hospitals, a telephone 9, a NIR 13 or 15. */
export const LARGEST_PLAIN_NUMBER = 9_999_999

const DAY_MS = 86_400_000
const FIRST_SECOND = 1_000_000_000
const FIRST_MS = 1_000_000_000_000
const FIRST_US = 1_000_000_000_000_000
/** Years of kept dates: a NIR with its key would be a time in the year 4,700 or later. */
const EARLIEST_MS = Date.UTC(1700, 0, 1)
const LATEST_MS = Date.UTC(2200, 0, 1)

export function isPlainNumber(value: number): boolean {
  return Math.abs(value) <= LARGEST_PLAIN_NUMBER
}

export function isInRange({ min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: GuardCase) {
  return (value: number): boolean => value >= min && value <= max
}

/**
 * A version is a count; or a time since September 2001, and not after the receipt, in seconds, milliseconds or microseconds since
 * 1970; or a time of 14 digits (YYYYMMDDHHMMSS).
 *
 * @param receivedAt microseconds since 1970
 */
export function isVersion(value: number, receivedAt: number): boolean {
  if (isPlainNumber(value)) return true
  // A day's grace: a producer's clock may be ahead of ours.
  const latestMs = receivedAt / 1000 + DAY_MS
  if (value >= FIRST_SECOND && value <= latestMs / 1000) return true
  if (value >= FIRST_MS && value <= latestMs) return true
  if (value >= FIRST_US && value <= latestMs * 1000) return true
  return /^(?:19|20|21)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d$/.test(String(value))
}

/** @param value days or milliseconds since 1970 */
export function isTime(value: number, kind: 'date' | 'timestamp'): boolean {
  const ms = kind === 'date' ? value * DAY_MS : value
  return ms >= EARLIEST_MS && ms < LATEST_MS
}
