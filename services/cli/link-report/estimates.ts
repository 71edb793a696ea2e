/** Estimates of what a linkage missed, and of what it linked wrongly. */

const Z_95 = 1.96

export interface Recapture {
  /** Links that both passes together would have, were they complete. */
  readonly all: number
  readonly missed: number
  /** Of `missed`, 95 %. */
  readonly interval: readonly [number, number]
}

/**
 * Two captures by passes that share no trait (D. Chapman, Univ. Calif. Publ. Stat. 1, 1951; variance: G. Seber, Biometrika 57, 1970). Where both miss the same
 * records, as of those of which little is written, it says too few.
 *
 * @param first links that the first pass found @param found by any pass
 * @returns undefined where the passes have no link in common
 */
export function recapture(first: number, second: number, both: number, found: number): Recapture | undefined {
  if (both < 1) return undefined
  const all = ((first + 1) * (second + 1)) / (both + 1) - 1
  const variance = ((first + 1) * (second + 1) * (first - both) * (second - both)) / ((both + 1) ** 2 * (both + 2))
  const missed = Math.max(0, all - found)
  const half = Z_95 * Math.sqrt(Math.max(0, variance))
  return { all, missed, interval: [Math.max(0, missed - half), missed + half] }
}
