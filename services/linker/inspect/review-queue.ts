/**
 * The review queue: the index keeps only edges that hold persons together, so records are compared with their candidates again, and pairs in the band are what is
 * left to people. Each pair of patients is there once, by the two records of the greatest gain.
 */
import { REVIEW_BAND, type ReviewPair, type ReviewQueue } from '#core/linkage/review/review-queue.ts'
import { decisions, type PairDecision } from '../link/decisions.ts'
import { stride } from './candidates.ts'
import type { OpenIndex } from './open-index.ts'
import { changesOf } from './review-changes.ts'
import {
  AT_ONCE,
  type Compared,
  explained,
  type Found,
  idsOf,
  type NamePair,
  pairNames,
  pairsBetween,
} from './review-pairs.ts'

const HUNDREDTH = 100

export interface ReviewOptions {
  /** Records that are compared with their candidates. */
  readonly sample: number
  /** Pairs that are explained, at most. */
  readonly most: number
}

export async function reviewQueue(index: OpenIndex, { sample, most }: ReviewOptions): Promise<ReviewQueue> {
  const known = await index.reader.size()
  const sampled = stride(
    Array.from({ length: known }, (_, number) => number),
    sample,
  )
  const given = await index.decisions()
  const gainOf = gains(index, given)
  const nameOf = pairNames(index)
  const skipped = await decidedPairs(index, nameOf, given)
  const found = new Map<string, Found>()
  for (let from = 0; from < sampled.length; from += AT_ONCE) {
    for (const compared of await pairsBetween(index, sampled.slice(from, from + AT_ONCE), REVIEW_BAND)) {
      const pair = nameOf(compared.one, compared.other)
      if (skipped.has(pair)) continue
      const next = { pair, records: idsOf(compared), ...(await gainOf(compared)) }
      const before = found.get(pair)
      if (!before || byGain(next, before) < 0) found.set(pair, next)
    }
  }
  const first = [...found.values()].toSorted(byGain).slice(0, most)
  const pairs: ReviewPair[] = []
  for (const one of first) pairs.push(...(await explained(index, one)))
  const { version: model } = index.model
  return {
    ...{ format: 'chainon-link-review/2', kind: 'queue', model },
    ...{ compared: sampled.length, known, in_band: found.size, strata: [], pairs },
  }
}

/** @param given what operators have decided @returns what a decision about a pair changes, and by how much that is to be expected */
export function gains(index: OpenIndex, given: readonly PairDecision[]) {
  const made = decisions()
  for (const one of given) made.set(one)
  const isNever = (one: string, other: string) => made.isNever(one, other)
  return async ({ a, b, probability }: Pick<Compared, 'a' | 'b' | 'probability'>) => {
    const { onePerson, pairs: changes } = await changesOf(index, a, b, isNever)
    const gain = changes * (onePerson ? 1 - probability : probability)
    return { changes, gain: Math.round(gain * HUNDREDTH) / HUNDREDTH }
  }
}

function byGain(one: Found, other: Found): number {
  return other.gain - one.gain || (one.records.join() < other.records.join() ? -1 : 1)
}

/** @returns names of the pairs of patients about whom somebody has decided */
async function decidedPairs(
  index: OpenIndex,
  nameOf: NamePair,
  given: readonly PairDecision[],
): Promise<ReadonlySet<string>> {
  const inForce = given.filter(({ decision }) => decision !== 'withdraw')
  const ids = [...new Set(inForce.flatMap(({ records }) => records))]
  const numbers = await index.reader.numbers(ids.map((id) => index.keys.id(id)))
  const opened = await index.open(numbers.filter((number) => number !== undefined))
  const labels = new Map([...opened.values()].map(({ id, label }) => [id, label]))
  const of = (id: string) => ({ id, label: labels.get(id) })
  return new Set(inForce.map(({ records: [one, other] }) => nameOf(of(one), of(other))))
}
