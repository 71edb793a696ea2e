/**
 * The edges of a record as they must be, whatever had arrived when it came: to each record that shares a token with it, except tokens of hubs, without a budget.
 * That depends on the records alone. On arrival fewer are compared (budget), and some by a token that too many share by now (hub): such records are marked, and
 * their edges are corrected by this. The same for every store.
 */
import { CERTAIN, LINK } from './component.ts'

/** A pair below this weight is neither a link nor to be reviewed (a probability of .1): of the many that are compared here, it is not reported. */
export const REPORTED = -4

export interface Correction {
  /** Edges that are missing, or have another weight. */
  readonly added: ReadonlyMap<number, number>
  readonly removed: readonly number[]
}

/**
 * @param candidates all records that share a token with the record that is not one of a hub; at most the hub limit for each of its tokens
 * @param edges that it has
 * @param weight of the record and another one
 */
export function correctionOf(
  candidates: Iterable<number>,
  edges: ReadonlyMap<number, number>,
  weight: (other: number) => number,
): Correction {
  const added = new Map<number, number>()
  const compared = new Map<number, number>()
  for (const other of candidates) {
    const value = weight(other)
    compared.set(other, value)
    if (value > LINK && edges.get(other) !== value) added.set(other, value)
  }
  // A certain edge says that the records have one label, whatever else they share.
  const isLeft = (other: number, value: number) => (compared.get(other) ?? (value >= CERTAIN ? value : LINK)) > LINK
  const removed = [...edges].flatMap(([other, value]) => (isLeft(other, value) ? [] : [other]))
  return { added, removed }
}
