/** Which criterion is left out next, by what the warehouse says about its own persons. */

/** Name and feed; the rest of a criterion does not matter here. */
export interface Named {
  readonly name: string
  readonly feed: string
}

/** @returns the probability that two persons agree on these criteria, all of one feed: above 0, at most 1 */
export type Agreement<C extends Named> = (criteria: readonly C[]) => Promise<number>

/** @returns how much a set of criteria tells of a person, in bits: -log2 of the probability that two persons agree. Feeds are taken as independent of each other. */
export async function informationOf<C extends Named>(criteria: readonly C[], agreement: Agreement<C>): Promise<number> {
  let bits = 0
  for (const own of Map.groupBy(criteria, ({ feed }) => feed).values()) bits -= Math.log2(await agreement(own))
  return bits
}

/** @returns the criterion without which the others tell most: the least discriminating one. Of equal ones the last one. */
export async function leastDiscriminating<C extends Named>(
  criteria: readonly C[],
  agreement: Agreement<C>,
): Promise<C | undefined> {
  let found: { readonly criterion: C; readonly left: number } | undefined
  for (const criterion of criteria) {
    const others = criteria.filter((one) => one !== criterion)
    const left = await informationOf(others, agreement)
    if (!found || left >= found.left) found = { criterion, left }
  }
  return found?.criterion
}

/** @returns the sets of criteria by step: the first one whole, each next one without one more, the last one of `atLeast` criteria */
export async function stepsOf<C extends Named>(
  criteria: readonly C[],
  atLeast: number,
  agreement: Agreement<C>,
): Promise<readonly (readonly C[])[]> {
  const steps = [criteria]
  for (let now = criteria; now.length > Math.max(1, atLeast); ) {
    const dropped = await leastDiscriminating(now, agreement)
    now = now.filter((one) => one !== dropped)
    steps.push(now)
  }
  return steps
}
