/** Counts what is said of pairs: by weight, by the tokens that found them, and by whether they agree on the national number. */
import { REVIEW_BAND } from '#core/linkage/review/review-queue.ts'
import { probabilityOf } from '#core/linkage/score.ts'
import type { Survey } from '#core/linkage/survey.ts'
import type { TokenKind } from '#core/linkage/tokens.ts'

export interface CountedPair {
  /** Log2 odds; and without the national number. */
  readonly weight: number
  readonly weightWithout: number
  /** Kinds of tokens that both have and that were not skipped; undefined where they are not known. */
  readonly kinds: readonly TokenKind[] | undefined
  /** Whether the national numbers are equal; undefined where one is missing, or they are only similar. */
  readonly agreeing: boolean | undefined
}

const LEAST = -20
const MOST = 40
const STEP = 2
const BINS = (MOST - LEAST) / STEP
const THRESHOLDS = [0.5, 0.9, 0.99] as const
const { from: REVIEW_FROM, to: LINK_FROM } = REVIEW_BAND
const NAMES: ReadonlySet<string> = new Set(['family', 'given', 'family-code', 'given-code'])
const NUMBER = 'national-id'

type Counted = Pick<Survey, 'weights' | 'thresholds' | 'review' | 'passes' | 'silver'>

/** @param hasNumber whether records of this installation have a national number @param share what one pair counts */
export function pairCounts(kinds: readonly TokenKind[], hasNumber: boolean, share: number) {
  const pairs = new Float64Array(BINS)
  const matches = new Float64Array(BINS)
  const above = THRESHOLDS.map(() => ({ links: 0, matches: 0 }))
  const byKind = new Map(kinds.map(({ name }) => [name, { links: 0, only: 0 }]))
  const passes = { unknown: 0, names: 0, others: 0, both: 0, found: 0 }
  const silver = {
    agreeing: 0,
    found_otherwise: 0,
    linked_without: 0,
    differing: 0,
    differing_linked_without: 0,
    differing_linked: 0,
  }
  let review = 0

  function addLink(found: readonly TokenKind[] | undefined): void {
    passes.found += share
    if (!found) {
      passes.unknown += share
      return
    }
    for (const { name } of found) {
      const one = byKind.get(name)
      if (!one) continue
      one.links += share
      if (found.length === 1) one.only += share
    }
    const names = found.some(({ parts }) => parts.every((part) => NAMES.has(part)))
    const others = found.some(({ parts }) => parts.every((part) => !NAMES.has(part)))
    if (names) passes.names += share
    if (others) passes.others += share
    if (names && others) passes.both += share
  }

  function addNumbers({ agreeing, kinds: found, weight, weightWithout }: CountedPair): void {
    const linkedWithout = probabilityOf(weightWithout) > LINK_FROM
    if (agreeing === true) {
      silver.agreeing += share
      // Where it is not known what found a pair, it is taken as found by the number alone.
      if (!found?.some(({ name }) => name !== NUMBER)) return
      silver.found_otherwise += share
      if (linkedWithout) silver.linked_without += share
    } else if (agreeing === false) {
      silver.differing += share
      if (linkedWithout) silver.differing_linked_without += share
      if (probabilityOf(weight) > LINK_FROM) silver.differing_linked += share
    }
  }

  return {
    add(pair: CountedPair): void {
      const probability = probabilityOf(pair.weight)
      const bin = Math.max(0, Math.min(BINS - 1, Math.floor((pair.weight - LEAST) / STEP)))
      pairs[bin] = (pairs[bin] as number) + share
      matches[bin] = (matches[bin] as number) + share * probability
      for (const [at, from] of THRESHOLDS.entries()) {
        const one = above[at]
        if (!one || probability <= from) continue
        one.links += share
        one.matches += share * probability
      }
      if (probability > REVIEW_FROM && probability <= LINK_FROM) review += share
      if (probability > LINK_FROM) addLink(pair.kinds)
      addNumbers(pair)
    },
    counts: (): Counted => ({
      weights: Array.from(pairs, (count, at) => ({
        from: LEAST + STEP * at,
        to: LEAST + STEP * (at + 1),
        pairs: count,
        expected_matches: matches[at] as number,
      })),
      thresholds: THRESHOLDS.map((probability, at) => ({
        probability,
        weight: Math.log2(probability / (1 - probability)),
        links: above[at]?.links ?? 0,
        expected_matches: above[at]?.matches ?? 0,
      })),
      review,
      passes: { of_links: [...byKind].map(([name, counted]) => ({ name, ...counted })), ...passes },
      silver: hasNumber ? silver : null,
    }),
  }
}
