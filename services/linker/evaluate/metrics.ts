/** Precision, recall and F1 of pairs and of persons, and the calibration of probabilities. */
import { probabilityOf } from '#core/linkage/score.ts'

export interface Quality {
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

export interface ScoredPairs {
  readonly a: Int32Array
  readonly b: Int32Array
  readonly weights: Float32Array
}

/** The truth: the person of each record, and which pairs count. */
export interface Truth {
  readonly personOf: Int32Array
  readonly pairs: number
}

const digits = (value: number) => Math.round(value * 10_000) / 10_000

function quality(right: number, said: number, truth: number): Quality {
  const precision = said > 0 ? right / said : 1
  const recall = truth > 0 ? right / truth : 1
  return {
    precision: digits(precision),
    recall: digits(recall),
    f1: digits(said + truth > 0 ? (2 * right) / (said + truth) : 1),
  }
}

/** @returns the quality when pairs above each weight are links, and the weight at which F1 is best */
export function pairQuality(pairs: ScoredPairs, truth: Truth, thresholds: readonly number[]) {
  const order = Uint32Array.from(pairs.weights.keys()).sort(
    (x, y) => (pairs.weights[y] as number) - (pairs.weights[x] as number),
  )
  const isTrue = (p: number) => truth.personOf[pairs.a[p] as number] === truth.personOf[pairs.b[p] as number]
  const counted = thresholds.map(() => ({ right: 0, said: 0 }))
  let right = 0
  let best = { right: 0, said: 0, at: Number.POSITIVE_INFINITY, f1: 0 }
  for (const [n, p] of order.entries()) {
    const weight = pairs.weights[p] as number
    if (isTrue(p)) right++
    thresholds.forEach((threshold, t) => {
      if (weight > threshold) counted[t] = { right, said: n + 1 }
    })
    // Pairs of one weight are links together.
    if ((pairs.weights[order[n + 1] ?? -1] ?? Number.NEGATIVE_INFINITY) === weight) continue
    const f1 = (2 * right) / (n + 1 + truth.pairs)
    if (f1 > best.f1) best = { right, said: n + 1, at: weight, f1 }
  }
  return {
    at: counted.map(({ right: found, said }) => quality(found, said, truth.pairs)),
    best: { ...quality(best.right, best.said, truth.pairs), threshold: digits(best.at) },
    found: digits(truth.pairs > 0 ? right / truth.pairs : 1),
  }
}

const BANDS = [0, 0.1, 0.5, 0.9, 0.99, 1] as const

/** @returns for bands of the probability that was said: pairs, the mean that was said, and the share that is true */
export function calibration(pairs: ScoredPairs, truth: Truth) {
  const band = (from: number, to: number) => {
    let count = 0
    let said = 0
    let right = 0
    for (const [p, weight] of pairs.weights.entries()) {
      const probability = probabilityOf(weight)
      if (probability <= from || probability > to) continue
      count++
      said += probability
      if (truth.personOf[pairs.a[p] as number] === truth.personOf[pairs.b[p] as number]) right++
    }
    return {
      from,
      to,
      pairs: count,
      said: count > 0 ? digits(said / count) : null,
      true: count > 0 ? digits(right / count) : null,
    }
  }
  return {
    bands: BANDS.slice(1).map((to, i) => band(BANDS[i] ?? 0, to)),
    above_0_9: band(0.9, 1),
    review: band(0.1, 0.9),
  }
}

/** @param source of each record, where only pairs of two sources count */
export function personQuality(personOf: ArrayLike<number>, truth: Truth, source?: Uint8Array): Quality {
  const size = personOf.length
  const said = pairsWithin(size, (record) => personOf[record] as number, source)
  const right = pairsWithin(
    size,
    (record) => (personOf[record] as number) * size + (truth.personOf[record] as number),
    source,
  )
  return quality(right, said, truth.pairs)
}

/** @returns the number of pairs of records with one key */
function pairsWithin(size: number, keyOf: (record: number) => number, source?: Uint8Array): number {
  const counts = new Map<number, [number, number]>()
  let pairs = 0
  for (let record = 0; record < size; record++) {
    const key = keyOf(record)
    let count = counts.get(key)
    if (!count) counts.set(key, (count = [0, 0]))
    const own = source?.[record] === 1 ? 1 : 0
    pairs += source ? (count[1 - own] as number) : count[0]
    count[own]++
  }
  return pairs
}

/** @returns the person of each record by the transitive closure of the true links */
export function truthOf(size: number, links: readonly (readonly [number, number])[], source?: Uint8Array): Truth {
  const personOf = Int32Array.from({ length: size }, (_, i) => i)
  const find = (record: number) => {
    let root = record
    while (personOf[root] !== root) root = personOf[root] = personOf[personOf[root] as number] as number
    return root
  }
  for (const [a, b] of links) {
    const one = find(a)
    const two = find(b)
    if (one !== two) personOf[Math.max(one, two)] = Math.min(one, two)
  }
  for (let record = 0; record < size; record++) personOf[record] = find(record)
  return { personOf, pairs: pairsWithin(size, (record) => personOf[record] as number, source) }
}
