/** A person as it is shown to people: the records, and the edges that hold them together. */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'

const Count = Type.Integer({ minimum: 0 })
const EDGE = {
  records: Type.Array(Type.String(), { minItems: 2, maxItems: 2 }),
  weight: Type.Union([Type.Number(), Type.Literal('certain')]),
  probability: Type.Number(),
}
const EdgeSchema = closed(EDGE)
export type ShownEdge = Written<typeof EdgeSchema>

export const ExplainedPersonSchema = closed({
  /** The record that the person is named after: the one that the index has known longest. */
  person: Type.String(),
  model: Type.String(),
  records: Type.Array(Type.String()),
  /** Patient numbers at producers. */
  patients: Count,
  /** A tree: of all edges between the records those of the highest weights that connect them. The strongest first. */
  tree: Type.Array(EdgeSchema),
  /** Without it the records would be in two groups. */
  weakest: Type.Union([closed({ ...EDGE, groups: Type.Array(Count, { minItems: 2, maxItems: 2 }) }), Type.Null()]),
  /** More records than are read: the tree has only the first ones. */
  bounded: Type.Boolean(),
})
export type ExplainedPerson = Written<typeof ExplainedPersonSchema>
