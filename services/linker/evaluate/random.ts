/** Random numbers with a seed, so that an evaluation can be repeated: mulberry32 (T. Ettinger). */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return function next() {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Fisher and Yates. */
export function shuffle(values: Int32Array, next: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const value = values[i] as number
    values[i] = values[j] as number
    values[j] = value
  }
}
