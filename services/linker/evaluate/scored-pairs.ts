/** The pairs that were compared, with their weights. */
import type { ScoredPairs } from './metrics.ts'

/** Pairs below this weight are no links at any threshold that matters. */
const KEPT = -12

export interface PairList {
  add(one: number, two: number, weight: number): void
  pairs(recordOf: ArrayLike<number>): ScoredPairs
}

/** @returns a list that grows; records are named by the number that the linker gave them */
export function pairList(): PairList {
  let size = 0
  let a = new Int32Array(1 << 16)
  let b = new Int32Array(1 << 16)
  let weights = new Float32Array(1 << 16)
  const grown = <T extends Int32Array | Float32Array>(values: T, larger: T): T => {
    larger.set(values)
    return larger
  }
  return {
    add(one: number, two: number, weight: number) {
      if (weight < KEPT) return
      if (size === a.length) {
        a = grown(a, new Int32Array(2 * size))
        b = grown(b, new Int32Array(2 * size))
        weights = grown(weights, new Float32Array(2 * size))
      }
      a[size] = one
      b[size] = two
      weights[size++] = weight
    },
    /**
     * @param recordOf the record that has a number
     * @returns each pair once: one that was compared is compared again when its component is made again
     */
    pairs(recordOf: ArrayLike<number>): ScoredPairs {
      for (let p = 0; p < size; p++) {
        a[p] = recordOf[a[p] as number] as number
        b[p] = recordOf[b[p] as number] as number
      }
      const records = recordOf.length
      const keyOf = (p: number) => {
        const [one, two] = [a[p] as number, b[p] as number]
        return Math.min(one, two) * records + Math.max(one, two)
      }
      const keys = Float64Array.from({ length: size }, (_, p) => keyOf(p))
      const order = Uint32Array.from(keys.keys()).sort((x, y) => (keys[x] as number) - (keys[y] as number))
      const once = order.filter((p, at) => at === 0 || keys[p] !== keys[order[at - 1] as number])
      return {
        a: Int32Array.from(once, (p) => a[p] as number),
        b: Int32Array.from(once, (p) => b[p] as number),
        weights: Float32Array.from(once, (p) => weights[p] as number),
      }
    },
  }
}
