/** OBX-7, the reference range: `3.5-5.0`, `< 5`, `>= 2`; another text says nothing that a number can hold. */
export interface ReferenceRange {
  readonly low: number | null
  readonly high: number | null
}

const NUMBER = '[+-]?\\d{1,15}(?:\\.\\d{1,15})?'
const BETWEEN = new RegExp(`^\\s*(${NUMBER})\\s*-\\s*(${NUMBER})\\s*$`)
const ONE_SIDE = new RegExp(`^\\s*([<>])=?\\s*(${NUMBER})\\s*$`)

export function referenceRange(text: string | undefined): ReferenceRange {
  const [, low, high] = BETWEEN.exec(text ?? '') ?? []
  if (low !== undefined && high !== undefined) return { low: Number(low), high: Number(high) }
  const [, side, bound] = ONE_SIDE.exec(text ?? '') ?? []
  if (bound === undefined) return { low: null, high: null }
  return side === '<' ? { low: null, high: Number(bound) } : { low: Number(bound), high: null }
}
