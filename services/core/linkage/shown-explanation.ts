/**
 * An explanation as it is shown to people. Weights are rounded to a tenth, and how frequent a value is to a power of two: the exact frequency of a
 * name names it to who has a list of names.
 */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import type { Explanation } from './explain.ts'

export const ExplainedPairSchema = closed({
  /** `<feed>/<pseudonym>`, as they were given: two. */
  records: Type.Array(Type.String(), { minItems: 2, maxItems: 2 }),
  model: Type.String(),
  /** What decides: the model; that both are of one patient number at a producer; that the producer says of both numbers that they are of one person; that one has no value, which says nothing. */
  decided_by: Type.Enum(['model', 'patient-number', 'same-patient', 'no-value']),
  /** Of the edge in the index, where there is one: another one than `weight` where a record was replaced meanwhile, or somebody decided. */
  edge: Type.Union([Type.Number(), Type.Literal('certain'), Type.Null()]),
  one_person: Type.Boolean(),
  /** Log2 odds before any field; with the weights of the fields it adds up to `weight`, as they are shown. */
  prior: Type.Number(),
  fields: Type.Array(
    closed({
      trait: Type.String(),
      level: Type.String(),
      weight: Type.Number(),
      /** How much less the weight would be without this field. */
      removed: Type.Number(),
      frequency: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  classes: Type.Array(closed({ name: Type.String(), one_person: Type.Boolean(), probability: Type.Number() })),
  weight: Type.Number(),
  probability: Type.Number(),
})
export type ExplainedPair = Written<typeof ExplainedPairSchema>
export type ShownExplanation = Pick<ExplainedPair, 'prior' | 'fields' | 'classes' | 'weight' | 'probability'>

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
