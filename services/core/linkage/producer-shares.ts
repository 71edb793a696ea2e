/**
 * Who may use a token that many records have: a function of the records alone, whatever their order. A producer with more than the limit uses it for none of its
 * records; the others share the limit equally, and who needs less than its share leaves the rest to those with more. So a producer whose records of a token
 * are at most the limit divided by the number of producers that have it never loses it, whatever the others send (docs/adr/0066).
 */

/**
 * @param counts of each producer, how many records have the token
 * @param limit records that may use it
 * @returns how many of a producer's may, at most: the largest number with which all together are within the limit. It holds for producers within the limit;
 *   the limit itself where nobody has to give way, 0 where there are more producers than it
 */
export function shareOf(counts: Iterable<number>, limit: number): number {
  const rising = [...counts].filter((count) => count <= limit).toSorted((a, b) => a - b)
  let left = limit
  for (const [at, count] of rising.entries()) {
    const share = Math.floor(left / (rising.length - at))
    if (count > share) return share
    left -= count
  }
  return limit
}
