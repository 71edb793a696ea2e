/** The persons of one component of records: the same for every store. */
import { type Edge, LINK_PROBABILITY, personsOf } from '#core/linkage/persons.ts'

/**
 * Edges above this hold a component together: a probability of 3/4. At 1/2, persons of 100,000 records gather namesakes by their least certain edges; at
 * .9, small sets and few traits lose a tenth of their pairs.
 */
export const LINK = Math.log2(LINK_PROBABILITY / (1 - LINK_PROBABILITY))
/** The weight of two records with one label: above all that a model gives. */
export const CERTAIN = 100
/** The weight of two records by which a producer says that two of its patient numbers are of one person. Below what operators decide. */
export const STATED = 500
/** Records of one component; above it, its weakest edges do not count. */
export const MOST_RECORDS = 200
/** What the bound of edges rises by while a component is too large. */
export const STEP = 1

export interface Component {
  readonly members: readonly number[]
  /** Edges count above this. */
  readonly above: number
  readonly edgesOf: (member: number) => ReadonlyMap<number, number> | undefined
}

export interface ComponentRules {
  /** The id of a record: decides between equal weights. */
  readonly idOf: (member: number) => string
  /** @returns the weight of two records without an edge */
  readonly weight: (a: number, b: number) => number
  /** The records are of one source, where a person has at most one in each. */
  readonly apart?: (a: number, b: number) => boolean
}

/** @returns for each member the number of the first record of its person */
export function personsOfComponent({ members, above, edgesOf }: Component, rules: ComponentRules): Map<number, number> {
  const numbers = new Map(members.map((member) => [rules.idOf(member), member]))
  const numberOf = (id: string) => numbers.get(id) as number
  const inside: Edge[] = []
  for (const a of members)
    for (const [b, weight] of edgesOf(a) ?? [])
      if (a < b && weight > above) inside.push({ a: rules.idOf(a), b: rules.idOf(b), weight })
  const { apart } = rules
  const groups = personsOf(inside, {
    weight(a, b) {
      const [one, two] = [numberOf(a), numberOf(b)]
      return edgesOf(one)?.get(two) ?? rules.weight(one, two)
    },
    ...(apart && { apart: (a: string, b: string) => apart(numberOf(a), numberOf(b)) }),
    // Records of one number, and what a producer or an operator says of two, are not weighed against what the model says of others.
    decided: CERTAIN,
  })
  const persons = new Map(members.map((member) => [member, member]))
  for (const group of groups) {
    const records = group.map(numberOf)
    const first = records.reduce((least, one) => Math.min(least, one))
    for (const one of records) persons.set(one, first)
  }
  return persons
}
