/**
 * Given names by sex and year of birth; the weight falls with the rank, roughly as in INSEE's file of given names. They produce homonyms,
 * which the linkage must distinguish.
 */
import { GIVEN_NAMES } from '#core/people/given-names.ts'
import { type Weighted, weighted } from '../random.ts'

export type BinarySex = 'female' | 'male'

const prepared = GIVEN_NAMES.map((era) => ({
  until: era.until,
  female: byRank(era.female),
  male: byRank(era.male),
}))

/** @returns given names of people born in France in that year */
export function givenNames(sex: BinarySex, birthYear: number): Weighted<string> {
  const era = prepared.find(({ until }) => birthYear <= until)
  if (!era) throw new RangeError('no era')
  return era[sex]
}

/** @param names separated by blanks, most frequent first */
export function byRank(names: string, separator = ' '): Weighted<string> {
  return weighted(names.split(separator).map((name, rank) => [name, 1 / (rank + 4)] as const))
}
