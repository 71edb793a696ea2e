/**
 * Persons: a pure function of the component of edges above a bound. Edges are taken by weight, then by the ids of their records, and two
 * groups become one if the average weight between their records is not below a bound. So neither the order of arrival nor a replay
 * changes the persons, and a record that is removed splits what it alone held together.
 */

export interface Edge {
  readonly a: string
  readonly b: string
  readonly weight: number
}

export interface PersonRules {
  /** @returns the weight of two records, whether they were compared before or not */
  readonly weight: (a: string, b: string) => number
  /** Two groups never become one when this says so, for instance of one source. */
  readonly apart?: (a: string, b: string) => boolean
  /** Edges of this weight and more are not weighed against others: only `apart` is above them. By default there are none. */
  readonly decided?: number
}

/** Two records have an edge if the probability that they are of one person is above this. */
export const LINK_PROBABILITY = 3 / 4
/** Two groups are one person if the average weight between them is at least this. */
const LEAST_AVERAGE = -2
/** One pair counts at most this much in the average. */
const MOST_WEIGHT = 20

/**
 * @param edges of one component, all above the bound
 * @returns groups of record ids, each sorted; records without an edge are not there
 */
export function personsOf(edges: readonly Edge[], rules: PersonRules): string[][] {
  const groups = new Map<string, string[]>()
  for (const { a, b } of edges) for (const id of [a, b]) if (!groups.has(id)) groups.set(id, [id])
  const { decided = Number.POSITIVE_INFINITY } = rules
  for (const { a, b, weight } of edges.toSorted(byWeightThenId)) {
    const one = groups.get(a) as string[]
    const two = groups.get(b) as string[]
    if (one === two || !belongTogether(one, two, rules, weight >= decided)) continue
    const both = [...one, ...two]
    for (const id of both) groups.set(id, both)
  }
  return [...new Set(groups.values())].map((group) => group.toSorted())
}

function byWeightThenId(one: Edge, two: Edge): number {
  if (one.weight !== two.weight) return two.weight - one.weight
  const [p, q] = idsOf(one)
  const [r, s] = idsOf(two)
  return p < r ? -1 : p > r ? 1 : q < s ? -1 : q > s ? 1 : 0
}

const idsOf = ({ a, b }: Edge) => (a < b ? ([a, b] as const) : ([b, a] as const))

function belongTogether(
  one: readonly string[],
  two: readonly string[],
  { weight, apart }: PersonRules,
  isDecided: boolean,
): boolean {
  if (isDecided) return !one.some((a) => two.some((b) => apart?.(a, b)))
  let sum = 0
  // In one order, so that the sum is the same to its last bit.
  for (const a of one.toSorted())
    for (const b of two.toSorted()) {
      if (apart?.(a, b)) return false
      sum += Math.max(-MOST_WEIGHT, Math.min(MOST_WEIGHT, a < b ? weight(a, b) : weight(b, a)))
    }
  return sum / (one.length * two.length) >= LEAST_AVERAGE
}
