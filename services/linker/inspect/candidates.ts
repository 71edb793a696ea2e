/** Which records a record is compared with, as the index is now. */
import { DEFAULT_LIMITS } from '#core/linkage/token-index.ts'
import type { OpenIndex, ReadRecord } from './open-index.ts'

/** @returns at most so many of the numbers, at equal distances */
export function stride(numbers: readonly number[], most: number): readonly number[] {
  const step = Math.max(1, Math.ceil(numbers.length / most))
  return numbers.filter((_, at) => at % step === 0)
}

/** It has no value to compare: that says nothing about who it is. */
export const isBlank = ({ filters, newborn }: ReadRecord): boolean => !newborn && filters.every((word) => word === 0)

export interface Candidates {
  readonly candidates: readonly number[]
  readonly hubs: number
  readonly overBudget: boolean
  /** Those that the record uses, hexadecimal. */
  readonly tokens: ReadonlySet<string>
}

/** The rarest tokens first, each whole or not at all, as in core/linkage/token-index.ts. */
export async function candidatesOf(
  { reader }: OpenIndex,
  records: ReadonlyMap<number, ReadRecord>,
): Promise<ReadonlyMap<number, Candidates>> {
  const wanted = [...records].flatMap(([number, { tokens }]) => tokens.map((token) => ({ number, token })))
  const lists = await reader.tokens(
    wanted.map(({ token }) => token),
    0,
  )
  const names = wanted.map(({ token }) => token.toString('hex'))
  const byRecord = Map.groupBy(wanted.keys(), (at) => wanted[at]?.number as number)
  const found = new Map<number, Candidates>()
  for (const [number, places] of byRecord) {
    const usable = places.filter((place) => lists[place]?.includes(number))
    const ordered = usable
      .map((place) => (lists[place] as readonly number[]).filter((one) => one !== number))
      .toSorted((one, other) => one.length - other.length)
    let candidates = new Set<number>()
    let overBudget = false
    for (const list of ordered) {
      const next = new Set([...candidates, ...list])
      if (candidates.size > 0 && next.size > DEFAULT_LIMITS.budget) overBudget = true
      else candidates = next
    }
    found.set(number, {
      candidates: [...candidates],
      hubs: places.length - usable.length,
      overBudget,
      tokens: new Set(usable.map((place) => names[place] as string)),
    })
  }
  return found
}
