/** What operators have decided about pairs of records, in the linker's memory; the index keeps it. An edge that is decided is infinite: nothing that is scored weighs against it. */
import type { Decision } from '#core/contract/link-decision.ts'

/** The weight of two records of whom it is decided that they are one person: above all others, and certain. */
export const DECIDED = 1000
/** Of whom it is decided that they are not. */
const NEVER = -1000

export interface PairDecision {
  readonly records: readonly [id: string, id: string]
  readonly decision: Decision
  /** Its place in the log of decisions: of two about one pair the later one counts. */
  readonly order: number
}

export interface Decisions {
  set(one: PairDecision): void
  /** @returns the weight that is decided; undefined where the model decides */
  weightOf(one: string, other: string): number | undefined
  isNever(one: string, other: string): boolean
  /** @returns ids of the records about which something was decided together with this one, withdrawn decisions included */
  partnersOf(id: string): Iterable<string>
  has(id: string): boolean
  /** Nothing was ever decided. */
  readonly isEmpty: boolean
}

export function decisions(): Decisions {
  const known = new Map<string, Map<string, PairDecision>>()
  const of = (one: string, other: string) => known.get(one)?.get(other)?.decision
  const keep = (one: string, other: string, decided: PairDecision) => {
    const partners = known.get(one) ?? new Map<string, PairDecision>()
    known.set(one, partners.set(other, decided))
  }
  return {
    set(decided) {
      const [one, other] = decided.records
      if ((known.get(one)?.get(other)?.order ?? -1) >= decided.order) return
      keep(one, other, decided)
      keep(other, one, decided)
    },
    weightOf(one, other) {
      const decision = of(one, other)
      return decision === 'accept' ? DECIDED : decision === 'never' ? NEVER : undefined
    },
    isNever: (one, other) => of(one, other) === 'never',
    partnersOf: (id) => known.get(id)?.keys() ?? [],
    has: (id) => known.has(id),
    get isEmpty() {
      return known.size === 0
    },
  }
}
