/** Family names of France by their rank. */
import { FAMILY_NAMES as NAMES } from '#core/people/family-names.ts'
import { byRank } from './given-names.ts'

export const FAMILY_NAMES = byRank(NAMES.join(','), ',')
