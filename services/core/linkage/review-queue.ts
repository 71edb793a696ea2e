/**
 * Pairs that the model leaves to a person to decide, as the linker gives them to `chainon link review`: levels, weights and classes, and no value. The greatest gain is first.
 */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { ExplainedPairSchema } from './shown-explanation.ts'

/** Probabilities above the first and up to the second are to be reviewed. */
export const REVIEW_BAND = { from: 0.1, to: 0.9 } as const

const Count = Type.Integer({ minimum: 0 })

export const ReviewQueueSchema = closed({
  format: Type.Literal('chainon-link-review/1'),
  model: Type.String(),
  /** Records that were compared with their candidates, of the records that the index has known. */
  compared: Count,
  known: Count,
  /** Pairs of patients in the band about which nobody has decided, of these records. */
  in_band: Count,
  pairs: Type.Array(
    closed({
      /** Names the two patients without telling them: a keyed hash, 24 hexadecimal digits. */
      pair: Type.String({ pattern: '^[0-9a-f]{24}$' }),
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
