/** A linkage model: what a version of it consists of, as a file. It has no value of any record, nor anything that a list of values could be compared with. */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { TRAITS } from './traits.ts'

const Probabilities = Type.Array(Type.Number({ minimum: 0, maximum: 1 }))

export const ModelSchema = closed({
  format: Type.Literal(2),
  /** Name of this version: a link says by which it was made. */
  version: Type.String({ minLength: 1, maxLength: 80 }),
  fields: Type.Array(
    closed({
      trait: Type.Enum([...TRAITS]),
      /** Names of the levels, lowest first. */
      levels: Type.Array(Type.String()),
      /** Probability of each level where the field is truly the same: one person; two people; and where it is not. */
      m: Probabilities,
      a: Probabilities,
      u: Probabilities,
      /** Probability that two people have an equal value: what the share of a value (frequencies.ts) is compared with. */
      chance: Type.Number({ minimum: 0, maximum: 1 }),
    }),
  ),
  /** People of one name (namesakes.ts); undefined where they were not counted. */
  namesakes: Type.Optional(
    closed({
      /** For each step of rarity, how many times as many people have both names as chance says; by the common ones first. */
      together: Type.Array(Type.Number({ minimum: 1 })),
      /** Probability of each level of the e-mail addresses of two people of one name; empty without the field. */
      email: Probabilities,
    }),
  ),
  classes: Type.Array(
    closed({ groups: Type.String(), match: Type.Boolean(), share: Type.Number({ minimum: 0, maximum: 1 }) }),
  ),
})
export type Model = Written<typeof ModelSchema>
