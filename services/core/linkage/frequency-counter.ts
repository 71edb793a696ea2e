/** Counts how people's values are distributed, from encodings alone. */
import type { ValueFrequencies } from './frequencies.ts'
import { guardedShares } from './guarded-shares.ts'
import type { Layout } from './layout.ts'
import type { ComparedField } from './levels.ts'
import type { Similarities } from './record-store.ts'
import type { Trait } from './traits.ts'

/** Values that are listed; the tables of all fields stay below half a megabyte. */
const MOST_FREQUENT = 4096
const LEAST_COUNT = 3
const SMOOTHING = 0.5

/** @returns a count of values, of people who are added one by one */
export function frequencyCounter(layout: Layout, fields: readonly ComparedField[]) {
  const places = fields.map(({ trait }) => layout.fields.findIndex((field) => field.trait === trait))
  let capacity = 1024
  let size = 0
  let values = fields.map(() => new Uint32Array(capacity))
  let producers = new Uint16Array(capacity)
  const known = new Map<number, number>()

  return {
    /** @param record of the store: one of each person, as far as they are known, as two of one person do not agree by chance @param producer who sent it */
    add(store: Pick<Similarities, 'fingerprint'>, record: number, producer = 0): void {
      if (size === capacity) {
        capacity *= 2
        values = values.map((before) => {
          const larger = new Uint32Array(capacity)
          larger.set(before)
          return larger
        })
        const larger = new Uint16Array(capacity)
        larger.set(producers)
        producers = larger
      }
      const number = known.get(producer) ?? known.size
      known.set(producer, number)
      producers[size] = number
      for (const [f, at] of places.entries()) (values[f] as Uint32Array)[size] = store.fingerprint(record, at)
      size++
    },
    /**
     * Of one field at a time: a million people take half a second each.
     *
     * @param averageOf what shares of a trait are compared with: then no producer alone moves one far from it; without, they are those of the people
     */
    *shares(averageOf?: (trait: Trait) => number): Generator<readonly [Trait, ValueFrequencies]> {
      for (const [f, { trait }] of fields.entries()) {
        const own = (values[f] as Uint32Array).subarray(0, size)
        const shares = sharesOf(own.slice().sort())
        const isGuarded = averageOf !== undefined && known.size > 1
        yield [
          trait,
          isGuarded ? guardedShares(shares, own, producers.subarray(0, size), known.size, averageOf(trait)) : shares,
        ]
      }
    },
  }
}

/** @param sorted fingerprints of people's values; 0: missing */
function sharesOf(sorted: Uint32Array): ValueFrequencies {
  const counts: [fingerprint: number, count: number][] = []
  let n = 0
  let pairs = 0
  for (let from = 0; from < sorted.length; ) {
    const fingerprint = sorted[from] as number
    let to = from + 1
    while (sorted[to] === fingerprint) to++
    const count = to - from
    from = to
    if (fingerprint === 0) continue
    n += count
    pairs += count * (count - 1)
    if (count >= LEAST_COUNT) counts.push([fingerprint, count])
  }
  if (n < 2) return { chance: 1, rare: 1, frequent: [] }
  const frequent = counts.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, MOST_FREQUENT)
  let others = n
  let squares = pairs
  for (const [, count] of frequent) {
    others -= count
    squares -= count * (count - 1)
  }
  return {
    chance: (pairs + SMOOTHING) / (n * (n - 1)),
    rare: others > 0 ? (squares / others + SMOOTHING) / n : SMOOTHING / n,
    frequent: frequent.map(([fingerprint, count]) => [fingerprint, (count - 1) / n] as const),
  }
}
