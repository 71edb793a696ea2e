/**
 * What share of the links is false, by the verdicts on a clerical sample: in each band of probability, and in all together. Pure.
 * Of a band: the interval of E. Wilson, J. Am. Stat. Assoc. 22, 1927. Of all: the stratified interval of X. Yan and X. Su, Stat. Biopharm. Res. 2, 2010, with the shares of the bands as weights.
 */
import type { Stratum } from './review-queue.ts'
import type { Entry, Standing } from './standing.ts'

export interface BandEstimate {
  /** Probabilities. */
  readonly from: number
  readonly to: number
  readonly links: number
  /** Links with a verdict that counts, and those of them that are false. */
  readonly judged: number
  readonly false: number
  /** Links of the drawn ones without one: nobody can tell, skipped, waiting for a reviewer, disputed, or newer than the review. */
  readonly open: number
  /** False of the judged ones; null where none is judged. */
  readonly share: number | null
  /** 95 %. */
  readonly interval: readonly [number, number]
}

export interface FalseLinks {
  readonly bands: readonly BandEstimate[]
  /** The bands weighted by their links; null where a band with links has nothing judged. */
  readonly all: { readonly share: number; readonly interval: readonly [number, number] } | null
}

const Z_95 = 1.96

/**
 * Drawn is, of each band, what comes in the order of the draw up to the last link that was judged in a session of the sample. Verdicts of any session count there, and nowhere else: beyond it
 * somebody may have chosen.
 * @param drawn names of the pairs that were judged in such a session @returns undefined where there are none
 */
export function falseLinks(
  strata: readonly Stratum[],
  known: ReadonlyMap<string, Standing>,
  drawn: ReadonlySet<string>,
): FalseLinks | undefined {
  const bands = strata.map(({ from, to, links, order }): BandEstimate => {
    const names = order.slice(0, order.findLastIndex((pair) => drawn.has(pair)) + 1)
    const decided = names.flatMap((pair) => known.get(pair)?.decision ?? [])
    const wrong = decided.filter((decision) => decision === 'never').length
    const judged = decided.length
    const share = judged === 0 ? null : wrong / judged
    const interval = wilson(wrong, judged, Z_95)
    return { from, to, links, judged, false: wrong, open: names.length - judged, share, interval }
  })
  if (bands.every(({ judged }) => judged === 0)) return undefined
  const withLinks = bands.filter(({ links }) => links > 0)
  return { bands, all: withLinks.every(({ judged }) => judged > 0) ? stratified(withLinks) : null }
}

/** @returns names of the pairs that were judged as part of a sample */
export function drawnOf(entries: readonly Entry[]): ReadonlySet<string> {
  return new Set(entries.filter(({ drawn }) => drawn).map(({ pair }) => pair))
}

function stratified(bands: readonly BandEstimate[]) {
  const total = bands.reduce((sum, { links }) => sum + links, 0)
  const weighted = bands.map((band) => ({ ...band, weight: band.links / total }))
  const share = weighted.reduce((sum, { weight, share: own }) => sum + weight * (own ?? 0), 0)
  // Of Wilson's form, so that a band without a false link has a variance, too.
  const deviations = weighted.map(({ weight, judged, false: wrong }) => weight * deviation(wrong, judged))
  const squares = Math.sqrt(deviations.reduce((sum, one) => sum + one * one, 0))
  const z = (Z_95 * squares) / deviations.reduce((sum, one) => sum + one, 0)
  const ends = weighted.map(({ weight, judged, false: wrong }) => wilson(wrong, judged, z).map((end) => weight * end))
  const sum = (at: 0 | 1) => ends.reduce((all, one) => all + (one[at] ?? 0), 0)
  return { share, interval: [sum(0), sum(1)] as const }
}

function deviation(wrong: number, judged: number): number {
  const share = wrong / judged
  const square = Z_95 * Z_95
  return Math.sqrt((share * (1 - share)) / judged + square / (4 * judged * judged)) / (1 + square / judged)
}

/** @returns between 0 and 1; all of it where nothing was judged */
function wilson(wrong: number, judged: number, z: number): readonly [number, number] {
  if (judged === 0) return [0, 1]
  const share = wrong / judged
  const square = (z * z) / judged
  const middle = share + square / 2
  const half = z * Math.sqrt((share * (1 - share)) / judged + square / (4 * judged))
  return [Math.max(0, (middle - half) / (1 + square)), Math.min(1, (middle + half) / (1 + square))]
}
