/** A number as the interval that it is in. */

/** @param edges increasing @returns `<10`, `[10,20)`, `>=20` */
export function binsOf(edges: readonly number[]): readonly string[] {
  const between = edges.slice(1).map((edge, index) => `[${edges[index]},${edge})`)
  return [`<${edges[0]}`, ...between, `>=${edges.at(-1)}`]
}

/** @returns a function to the interval of a number; null for what is no number */
export function binOf(edges: readonly number[]): (value: number) => string | null {
  const bins = binsOf(edges)
  return (value) => (Number.isNaN(value) ? null : (bins[edges.findLastIndex((edge) => edge <= value) + 1] ?? null))
}
