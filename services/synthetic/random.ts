/**
 * The only source of random numbers: sfc32 (C. Doty-Humphrey, PractRand), seeded by a label. The same seed and labels produce the
 * same draws on every machine, and the draws of one generator do not change when another one draws more.
 */

export interface Random {
  /** @returns a number in [0, 1) */
  next(): number
  /** @returns an integer from `min` to `max`, both included */
  int(min: number, max: number): number
  /** @returns true with probability `p` */
  chance(p: number): boolean
  pick<T>(values: readonly T[]): T
  /** @returns a number of the normal distribution */
  normal(mean: number, deviation: number): number
  /** @returns a generator of its own, which depends on this one's seed and the label alone */
  split(label: string): Random
}

export function randomOf(seed: string): Random {
  const hash = labelHash(seed)
  let a = hash()
  let b = hash()
  let c = hash()
  let counter = 1
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  for (let i = 0; i < 12; i++) next()
  return {
    next,
    int: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (p) => next() < p,
    pick: (values) => {
      const value = values[Math.floor(next() * values.length)]
      if (value === undefined) throw new RangeError('nothing to pick from')
      return value
    },
    // Sum of 4 uniforms: close to normal within three deviations, and no plausible value is further away.
    normal: (mean, deviation) => mean + (next() + next() + next() + next() - 2) * 1.732_050_8 * deviation,
    split: (label) => randomOf(`${seed}/${label}`),
  }
}

/** A weighted list, prepared for random draws. */
export interface Weighted<T> {
  draw(random: Random): T
  readonly values: readonly T[]
}

/** @param entries value and weight */
export function weighted<T>(entries: readonly (readonly [T, number])[]): Weighted<T> {
  const values = entries.map(([value]) => value)
  const sums: number[] = []
  let total = 0
  for (const [, weight] of entries) sums.push((total += weight))
  return {
    values,
    draw(random) {
      const at = random.next() * total
      let low = 0
      let high = sums.length - 1
      while (low < high) {
        const middle = (low + high) >> 1
        if ((sums[middle] ?? 0) > at) high = middle
        else low = middle + 1
      }
      return values[low] as T
    },
  }
}

/** xmur3: a hash of a text that returns as many 32-bit numbers as needed. */
function labelHash(text: string): () => number {
  let h = 1_779_033_703 ^ text.length
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 3_432_918_353)
    h = (h << 13) | (h >>> 19)
  }
  return () => {
    h = Math.imul(h ^ (h >>> 16), 2_246_822_507)
    h = Math.imul(h ^ (h >>> 13), 3_266_489_909)
    h ^= h >>> 16
    return h | 0
  }
}
