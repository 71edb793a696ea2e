/**
 * The stamp of an accepted record: a hybrid clock. It follows the wall clock in microseconds and never stands still or goes back, so that
 * of two records of one gateway the later one always has the higher stamp. Between records with the same version the stamp decides which
 * one is in force. Two gateways are as exact as their clocks agree.
 */

/** @returns microseconds since 1970, an integer below 2^53; each call a higher one */
export type Stamp = () => number

/** @param wallClock milliseconds since 1970; it may stand still or be set back */
export function stampClock(wallClock: () => number): Stamp {
  let last = 0
  return () => {
    last = Math.max(Math.trunc(wallClock() * 1000), last + 1)
    return last
  }
}
