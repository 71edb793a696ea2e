/**
 * How frequent values are, whatever one producer sends: a producer that invents patients of one name would make it look frequent, and so take weight from the links of those who have it. So a share is the one
 * that is nearest to the average among all shares with one of the producers left out: no producer alone moves the weight of a value further than the others together do.
 */
import type { ValueFrequencies } from './frequencies.ts'

/** A fingerprint and the number of a producer as one integer that a double holds. */
const PRODUCERS = 2 ** 20
/** People of the others: of fewer, what they have says nothing of a value. */
const LEAST_OTHERS = 500
const SMOOTHING = 0.5

/**
 * @param counted of all people
 * @param values fingerprints, 0: missing @param producers of the same people: 0, 1, 2... @param of how many
 * @param average what shares are compared with: the model's probability that two people agree
 */
export function guardedShares(
  counted: ValueFrequencies,
  values: Uint32Array,
  producers: Uint16Array,
  of: number,
  average: number,
): ValueFrequencies {
  const n = new Float64Array(of)
  const written = new Float64Array(values.length)
  let all = 0
  for (let at = 0; at < values.length; at++) {
    const [value, producer] = [values[at] as number, producers[at] as number]
    if (value === 0) continue
    written[all++] = value * PRODUCERS + producer
    n[producer] = (n[producer] as number) + 1
  }
  const keys = written.subarray(0, all).sort()
  const left = Array.from(n.keys()).filter((producer) => all - (n[producer] as number) >= LEAST_OTHERS)
  if (left.length === 0) return counted

  /** @param shareWithout a producer @returns the share that is nearest to the average */
  function nearest(share: number, shareWithout: (producer: number) => number): number {
    let [low, high] = [share, share]
    for (const producer of left) {
      const one = shareWithout(producer)
      low = Math.min(low, one)
      high = Math.max(high, one)
    }
    return low > average ? low : high < average ? high : average
  }

  const listed = new Map(counted.frequent)
  const guarded = new Map<number, number>()
  // Of values that are not listed: people, and ordered pairs of two who agree; and how many of both a producer takes away.
  const rest = { people: 0, pairs: 0 }
  const taken = { people: new Float64Array(of), pairs: new Float64Array(of) }
  const own = new Float64Array(of)
  for (let from = 0, to = 0; from < all; from = to) {
    const first = Math.floor((keys[from] as number) / PRODUCERS) * PRODUCERS
    for (to = from; to < all && (keys[to] as number) < first + PRODUCERS; to++) {
      const producer = (keys[to] as number) - first
      own[producer] = (own[producer] as number) + 1
    }
    const count = to - from
    const share = listed.get(first / PRODUCERS)
    if (share !== undefined) {
      const without = (producer: number) =>
        Math.max(0, count - (own[producer] as number) - 1) / (all - (n[producer] as number))
      guarded.set(first / PRODUCERS, nearest(share, without))
    } else {
      rest.people += count
      rest.pairs += count * (count - 1)
    }
    for (let at = from; at < to; at++) {
      const producer = (keys[at] as number) - first
      const its = own[producer] as number
      own[producer] = 0
      if (share !== undefined || its === 0) continue
      const others = count - its
      taken.people[producer] = (taken.people[producer] as number) + its
      taken.pairs[producer] = (taken.pairs[producer] as number) + count * (count - 1) - others * (others - 1)
    }
  }
  const rare = nearest(counted.rare, (producer) => {
    const people = rest.people - (taken.people[producer] as number)
    const pairs = rest.pairs - (taken.pairs[producer] as number)
    return ((people > 0 ? pairs / people : 0) + SMOOTHING) / (all - (n[producer] as number))
  })
  return { ...counted, rare, frequent: counted.frequent.map(([value, share]) => [value, guarded.get(value) ?? share]) }
}
