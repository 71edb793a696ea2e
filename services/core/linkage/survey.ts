/**
 * What the linker says of its index: counts, of which `chainon link report` makes the report. It has no name of a record and nothing of an encoding.
 * Pairs are counted on a sample of records, so their counts are estimates, and not integers. Small counts are not masked here.
 */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'

const Count = Type.Integer({ minimum: 0 })
const Estimate = Type.Number({ minimum: 0 })
const Probability = Type.Number({ minimum: 0, maximum: 1 })

/** Of records of a feed: how many have each trait. */
const FeedCounts = closed({
  feed: Type.String(),
  records: Count,
  /** Numbers of patients at producers. */
  patients: Count,
  /** Records whose person has another patient number too. */
  linked: Count,
  newborns: Count,
  without_value: Count,
  traits: Type.Record(Type.String(), Count),
})

const Bin = closed({
  /** Log2 odds. */
  from: Type.Number(),
  to: Type.Number(),
  pairs: Estimate,
  /** Of these, of one person by what the model says. */
  expected_matches: Estimate,
})

export const SurveySchema = closed({
  format: Type.Literal('chainon-linkage-survey/1'),
  index: closed({
    name: Type.String(),
    /** Names the form of the encodings: traits, sizes, tokens. */
    encoding: Type.String(),
    model: Type.String(),
    model_sha256: Type.String(),
    /** Traits of the model, and whether pairs are weighed by how frequent values are in the index. */
    traits: Type.Array(Type.String()),
    frequencies: Type.Boolean(),
    budget: Count,
    hub: Count,
    /** Records whose persons are to be made again; records to be told of. */
    marked: Count,
    untold: Count,
  }),
  /** Two feeds; null: all. */
  feeds: Type.Union([Type.Array(Type.String()), Type.Null()]),
  records: closed({ known: Count, cancelled: Count, by_feed: Type.Array(FeedCounts) }),
  persons: closed({
    count: Count,
    /** Of records of both feeds, where two were named. */
    of_both: Type.Union([Count, Type.Null()]),
    /** Persons by how many patient numbers they have. */
    by_patients: closed({ '1': Count, '2': Count, '3': Count, '4 to 9': Count, '10 and more': Count }),
  }),
  sample: closed({
    records: Count,
    of: Count,
    over_budget: Count,
    hub_tokens: Count,
    /** Pairs of one patient number, which no model decides; pairs of which one record has no value. */
    certain_pairs: Estimate,
    pairs_without_value: Estimate,
  }),
  weights: Type.Array(Bin),
  thresholds: Type.Array(
    closed({ probability: Probability, weight: Type.Number(), links: Estimate, expected_matches: Estimate }),
  ),
  /** Of pairs between .1 and .9. */
  review: Estimate,
  passes: closed({
    of_links: Type.Array(closed({ name: Type.String(), links: Estimate, only: Estimate })),
    /** Links of records whose tokens cannot be told apart. */
    unknown: Estimate,
    /** Links found by tokens of names alone, and by tokens that have no name. */
    names: Estimate,
    others: Estimate,
    both: Estimate,
    found: Estimate,
  }),
  /** Pairs that agree on the national number, and pairs whose numbers differ, judged without it. Null: records have no number. */
  silver: Type.Union([
    closed({
      agreeing: Estimate,
      found_otherwise: Estimate,
      linked_without: Estimate,
      differing: Estimate,
      differing_linked_without: Estimate,
      differing_linked: Estimate,
    }),
    Type.Null(),
  ]),
})
export type Survey = Written<typeof SurveySchema>
