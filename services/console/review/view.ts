/** What the page of the review is sent: levels, weights and classes of pairs, and counts. One schema for both ends. */
import Type, { type Static } from 'typebox'
import { HistoryBody, PersonHistorySchema } from '#core/linkage/review/commands.ts'
import { ReviewQueueSchema } from '#core/linkage/review/review-queue.ts'
import { ExplainedPairSchema } from '#core/linkage/shown-explanation.ts'
import { ExplainedPersonSchema } from '#core/linkage/shown-person.ts'

/** queue: what the model leaves to people. clerical: a random sample of links. disputes: on which two reviewers differ. */
export const LISTS = ['queue', 'clerical', 'disputes'] as const
export type ListName = (typeof LISTS)[number]

const Count = Type.Integer({ minimum: 0 })
const Share = Type.Union([Type.Number(), Type.Null()])
const PairName = Type.String({ pattern: '^[0-9a-f]{24}$' })
const { pairs: Pairs } = ReviewQueueSchema.properties

export const ReviewViewSchema = Type.Object({
  list: Type.Enum([...LISTS]),
  /** The linker makes the list when it is asked for, which takes seconds to minutes. */
  state: Type.Enum(['making', 'ready', 'failed']),
  /** Why it failed, or why a decision could not be sent yet. */
  problem: Type.Union([Type.String(), Type.Null()]),
  made_at: Type.Union([Type.String(), Type.Null()]),
  reviewer: Type.String(),
  /** How many must say the same. */
  reviewers: Count,
  model: Type.String(),
  compared: Count,
  known: Count,
  /** Pairs of the list: in the band, or links that were sampled from. */
  in_band: Count,
  /** Of the list, by this reviewer: with a verdict of his, and to be judged; what a decision on those is expected to change, in pairs of patients. */
  done: Count,
  left: Count,
  gain_left: Type.Number(),
  /** Decisions that wait to be sent. */
  unsent: Count,
  /** The first of those that are left. */
  pairs: Pairs,
  agreement: Type.Object({
    pairs: Count,
    percent: Share,
    kappa: Share,
    decided: Count,
    waiting: Count,
    disputed: Count,
    unsure: Count,
  }),
})
export type ReviewView = Static<typeof ReviewViewSchema>

export const VerdictBodySchema = Type.Object(
  {
    list: Type.Enum([...LISTS]),
    pair: PairName,
    verdict: Type.Enum(['accept', 'never', 'unsure', 'back']),
  },
  { additionalProperties: false },
)
export type VerdictBody = Static<typeof VerdictBodySchema>

export const VerdictResultSchema = Type.Object({
  /** taken: kept, decides nothing yet. sending: it decides, and is being sent. others: others have decided meanwhile. */
  result: Type.Enum(['taken', 'sending', 'others', 'back', 'not-back']),
  text: Type.String(),
})
export type VerdictResult = Static<typeof VerdictResultSchema>

export const ExplainViewSchema = Type.Object({
  pair: Type.Union([ExplainedPairSchema, Type.Null()]),
  person: Type.Union([ExplainedPersonSchema, Type.Null()]),
  history: Type.Union([PersonHistorySchema, Type.Null()]),
  /** Why the history is missing. */
  problem: Type.Union([Type.String(), Type.Null()]),
})
export type ExplainView = Static<typeof ExplainViewSchema>

/** `<feed>/p1_...` */
export const RecordName = HistoryBody.properties.record
