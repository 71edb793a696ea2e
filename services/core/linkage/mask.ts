/**
 * Small cells are masked: a count below 11 may point to a person. A share is rounded so that it says no count below ten, and of cells that add up to a
 * total that is shown too, never is one alone masked: it would be the difference.
 */

export const SMALL = 11
export const MASKED = '<11'
export type Shown = number | typeof MASKED

const LEAST_UNITS = 10

/** 0 is shown: it is nobody. */
function isSmall(count: number): boolean {
  return count >= 0.5 && count < SMALL - 0.5
}

/** @param count of records, persons or pairs; an estimate is rounded */
export function shownCount(count: number): Shown {
  return isSmall(count) ? MASKED : Math.round(count)
}

/** @param counts that add up to a total @returns with one more masked where one alone would be */
export function shownCells(counts: readonly number[]): readonly Shown[] {
  const cells = counts.map(shownCount)
  if (cells.filter((cell) => cell === MASKED).length !== 1) return cells
  const others = counts.flatMap((count, at) => (cells[at] === MASKED || cells[at] === 0 ? [] : [{ count, at }]))
  const least = others.toSorted((one, two) => one.count - two.count)[0]
  if (least) cells[least.at] = MASKED
  return cells
}

/** @param whole that is shown too: then the rest may not be small either */
export function shownPart(part: number, whole: number): Shown {
  return isSmall(Math.abs(whole - part)) ? MASKED : shownCount(part)
}

/** @returns a share of which one unit of the last digit is ten of the whole or more; masked where it could be a count below 11 */
export function shownShare(part: number, whole: number): Shown | null {
  if (whole < 0.5) return null
  if (isSmall(whole)) return MASKED
  const digits = Math.max(2, Math.floor(Math.log10(whole / LEAST_UNITS)))
  if (whole * 10 ** -digits < LEAST_UNITS && (isSmall(part) || isSmall(whole - part))) return MASKED
  return Math.round((part / whole) * 10 ** digits) / 10 ** digits
}
