/**
 * Pairs for people to judge, as the linker gives them to `chainon link review` and to the console: levels, weights and classes, and no value. The queue has those that the model leaves
 * to people, the greatest gain first; the clerical sample has links, drawn at random in each band of probability.
 */
import Type from 'typebox'
import { closed } from '../../schema/closed.ts'
import type { Written } from '../../schema/written.ts'
import { ExplainedPairSchema } from '../shown-explanation.ts'

/** Probabilities above the first and up to the second are to be reviewed. */
export const REVIEW_BAND = { from: 0.1, to: 0.9 } as const

/** Links that the clerical sample is drawn from begin at the end of the queue's band; the last band is up to 1. */
export const CLERICAL_BANDS = [
  { from: 0.9, to: 0.99 },
  { from: 0.99, to: 0.999 },
  { from: 0.999, to: 1 },
] as const

const Count = Type.Integer({ minimum: 0 })
const Probability = Type.Number({ minimum: 0, maximum: 1 })
const PairName = Type.String({ pattern: '^[0-9a-f]{24}$' })

export const ReviewQueueSchema = closed({
  format: Type.Literal('chainon-link-review/2'),
  kind: Type.Enum(['queue', 'clerical']),
  model: Type.String(),
  /** Records that were compared with their candidates, of the records that the index has known. */
  compared: Count,
  known: Count,
  /** Pairs of patients of these records: in the band, about which nobody has decided; of a clerical sample all links, decided or not. */
  in_band: Count,
  /** Of a clerical sample; each pair of patients is in one by its strongest pair of records. */
  strata: Type.Array(
    closed({
      from: Probability,
      to: Probability,
      links: Count,
      /** The first of them in the order of the draw, which is a keyed hash: any number of them from the first on is a simple random sample. */
      order: Type.Array(PairName),
    }),
  ),
  pairs: Type.Array(
    closed({
      /** Names the two patients without telling them: a keyed hash, 24 hexadecimal digits. */
      pair: PairName,
      /** Pairs of patients that become one person, or two, if the decision contradicts the index. */
      changes: Count,
      /** `changes`, multiplied by the probability that the decision contradicts the index. */
      gain: Type.Number({ minimum: 0 }),
      explained: ExplainedPairSchema,
    }),
  ),
})
export type ReviewQueue = Written<typeof ReviewQueueSchema>
export type ReviewPair = ReviewQueue['pairs'][number]
export type Stratum = ReviewQueue['strata'][number]

/** @returns the agreement levels of the fields that both have, for instance `family_name=close birth_date=equal` */
export function patternOf({ explained }: ReviewPair): string {
  return explained.fields
    .filter(({ level }) => level !== 'missing')
    .map(({ trait, level }) => `${trait}=${level.replaceAll(' ', '-')}`)
    .join(' ')
}
