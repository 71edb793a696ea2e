/** The spread of a repeated measurement. The machines are shared: one value alone says little. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
  readonly repeats: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b).map((value) => Number(value.toFixed(2)))
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { min: at(0), median: at(0.5), max: sorted.at(-1) ?? 0, repeats: sorted.length }
}

/** @returns milliseconds of each repetition */
export async function timed(repeats: number, work: () => Promise<unknown>): Promise<Spread> {
  const values: number[] = []
  for (let i = 0; i < repeats; i++) {
    const started = performance.now()
    await work()
    values.push(performance.now() - started)
  }
  return spread(values)
}
