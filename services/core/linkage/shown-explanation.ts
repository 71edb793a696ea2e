/**
 * An explanation as it is shown to people. Weights are rounded to a tenth, and how frequent a value is to a power of two: the exact frequency of a
 * name names it to who has a list of names.
 */
import type { Explanation } from './explain.ts'

export interface ShownExplanation {
  /** Log2 odds before any field; with the weights of the fields it adds up to `weight`, as they are shown. */
  readonly prior: number
  readonly fields: readonly {
    readonly trait: string
    readonly level: string
    readonly weight: number
    /** How much less the weight would be without this field. */
    readonly removed: number
    readonly frequency: string | null
  }[]
  readonly classes: readonly { readonly name: string; readonly one_person: boolean; readonly probability: number }[]
  readonly weight: number
  readonly probability: number
}

const TENTH = 10
const LEAST_POSTERIOR = 0.01

export function shownExplanation({ prior, fields, classes, weight, probability }: Explanation): ShownExplanation {
  let exact = prior
  // The sum is rounded, not each part: so what is shown adds up.
  let shown = Math.round(prior * TENTH)
  const first = shown
  const rows = fields.map(({ trait, level, weight: added, without, frequency }) => {
    exact += added
    const next = Math.round(exact * TENTH)
    const row = {
      trait,
      level,
      weight: (next - shown) / TENTH,
      removed: tenths(weight - without),
      frequency: frequency === undefined ? null : frequencyText(frequency),
    }
    shown = next
    return row
  })
  return {
    prior: first / TENTH,
    fields: rows,
    classes: classes
      .filter(({ posterior }) => posterior >= LEAST_POSTERIOR)
      .map(({ name, match, posterior }) => ({ name, one_person: match, probability: hundredths(posterior) })),
    weight: shown / TENTH,
    probability: hundredths(probability),
  }
}

/** @param factor how many times as frequent as the average */
function frequencyText(factor: number): string {
  const octave = Math.floor(Math.log2(factor))
  if (octave === 0 || octave === -1) return 'about as frequent as the average'
  const many = (power: number) => (2 ** power).toLocaleString('en')
  return octave > 0
    ? `${many(octave)} to ${many(octave + 1)} times as frequent as the average`
    : `${many(-octave - 1)} to ${many(-octave)} times as rare as the average`
}

export function tenths(value: number): number {
  return Math.round(value * TENTH) / TENTH
}

/** A probability that is not 1 is not shown as 1. */
function hundredths(probability: number): number {
  const rounded = Math.round(probability * 100) / 100
  return rounded === 1 && probability < 1 ? 0.99 : rounded
}
