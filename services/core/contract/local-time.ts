/** Local times of a time zone as times: HL7 v2 and files of tables seldom write an offset, and mean the clock on the wall. */

/** Offsets change at most by a quarter of an hour boundary. */
const QUARTER_MS = 900_000
const DAY_MS = 86_400_000
const REMEMBERED = 20_000

/** @param local milliseconds since 1970 as if the clock on the wall were UTC @returns milliseconds since 1970, or undefined for a time that the clock skips */
export type LocalTime = (local: number) => number | undefined

/**
 * When the clock is set back, one hour comes twice, and nothing says which one is meant: it is read as the first.
 *
 * @param zone name of the IANA time zone database
 * @throws RangeError when there is no such zone
 */
export function localTime(zone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
  })
  const known = new Map<number, number>()

  /** @returns milliseconds that the zone is ahead of UTC at that time */
  function offsetAt(time: number): number {
    const quarter = Math.floor(time / QUARTER_MS)
    const remembered = known.get(quarter)
    if (remembered !== undefined) return remembered
    const at = quarter * QUARTER_MS
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const wall = new Date(0)
    wall.setUTCFullYear(Number(parts.year), Number(parts.month) - 1, Number(parts.day))
    wall.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second))
    const offset = wall.getTime() - at
    if (known.size >= REMEMBERED) known.clear()
    known.set(quarter, offset)
    return offset
  }

  return (local) => {
    // The offsets a day before and a day after are the only two that can be in force.
    const offsets = [offsetAt(local - DAY_MS), offsetAt(local + DAY_MS)]
    const times = offsets.map((offset) => local - offset).filter((time) => time + offsetAt(time) === local)
    return times.length > 0 ? Math.min(...times) : undefined
  }
}

/** @returns whether the IANA time zone database has the name */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
