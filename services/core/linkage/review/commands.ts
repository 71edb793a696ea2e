/** What the console may ask of the linker and of `curate`: paths and bodies (core/http/command-door.ts). */
import Type from 'typebox'
import { DECIDED_BY, DECISION_REASON, DECISIONS, LINKED_RECORD } from '../../contract/link-decision.ts'
import { closed } from '../../schema/closed.ts'
import type { Written } from '../../schema/written.ts'

const Record = Type.String({ pattern: LINKED_RECORD })

/** Of the linker: pairs to judge. */
export const REVIEW_PATH = '/link/review'
export const ReviewBody = closed({
  /** Links of a clerical sample; the queue without it. */
  clerical: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
})
export type ReviewBody = Written<typeof ReviewBody>

/** Of the linker: a pair, or the person of a record. */
export const EXPLAIN_PATH = '/link/explain'
export const ExplainBody = closed({ records: Type.Array(Record, { minItems: 1, maxItems: 2 }) })
export type ExplainBody = Written<typeof ExplainBody>

/** Of `curate`: sends a decision, as `chainon link decide` does. */
export const DECIDE_PATH = '/link/decide'
export const DecideBody = closed({
  id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  decision: Type.Enum([...DECISIONS]),
  records: Type.Array(Record, { minItems: 2, maxItems: 2 }),
  reason: Type.String({ pattern: DECISION_REASON }),
  by: Type.String({ pattern: DECIDED_BY }),
})
export type DecideBody = Written<typeof DecideBody>

/** Of `curate`: what became of the person of a record. */
export const HISTORY_PATH = '/link/history'
export const HistoryBody = closed({ record: Record })
export type HistoryBody = Written<typeof HistoryBody>

/** Persons by numbers of this answer alone: no pseudonym of the warehouse leaves `curate`. */
export const PersonHistorySchema = closed({
  /** The person that the record is of now. */
  person: Type.Integer({ minimum: 1 }),
  /** The latest first. */
  changes: Type.Array(
    closed({
      at: Type.String(),
      kind: Type.String(),
      reason: Type.String(),
      from: Type.Integer({ minimum: 1 }),
      /** Null: a record was cancelled, and is of no person. */
      to: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
      records: Type.Integer({ minimum: 1 }),
    }),
  ),
  /** There are older ones. */
  more: Type.Boolean(),
})
export type PersonHistory = Written<typeof PersonHistorySchema>
