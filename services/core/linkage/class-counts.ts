/**
 * How many pairs each class has: what the patterns of agreement say, within what is known of twins, of families and of chance. Records alone do not tell twins from one person whose
 * given name was replaced, nor father and son of one name from a birth date that was, unless numbers do; nor people who moved from namesakes.
 */
import { isTwins, type MatchClass } from './classes.ts'

export interface ClassBounds {
  /** `m` is known from elsewhere: then the pairs themselves tell how many are of twins. */
  readonly mIsKnown: boolean
  /** Pairs of strangers, compared or not, for as many candidates as there are. */
  readonly strangers: number
  /** @returns the most pairs that can share these groups of fields by chance; infinite where something else brings them together */
  readonly byChance: (groups: string) => number
}

/** What the patterns say. */
export interface Said {
  /** Pairs of each class. */
  readonly shares: ArrayLike<number>
  /** Of the pairs of twins, those of two sexes. */
  readonly ofTwoSexes: number
}

/** That there are few, for each pair of one person, is known: 1.7 % of births are of twins. */
const MOST_TWINS = 0.005
const MOST_OF_ONE_NAME = 0.001
/** Where there are families, so many of those at one home have one name at most, for each pair of two names. */
const MOST_NAMED_AFTER = 0.02
/** Twins of two sexes are known for what they are: half of those of two eggs, and a third of all (W. Weinberg, Arch. ges. Physiol. 88, 1901). */
const TWINS_FOR_TWO_SEXES = 3
/** Pairs that each class is given: one that the data show rarely is not impossible. Of two people, so many for each pair of one person at most. */
const PSEUDO_PAIRS = 0.5
const PSEUDO_OTHERS = 0.0002
/** Of so many pairs, for each pair of one person, it is not said that they are two people's: what one person's worst records have in common looks so. */
const UNSEEN = 0.001

/** @returns for each class, in pairs */
export function classCounts(
  classes: readonly MatchClass[],
  { shares, ofTwoSexes }: Said,
  bounds: ClassBounds,
): number[] {
  const sumOf = (counts: ArrayLike<number>, wanted: (one: MatchClass) => boolean) =>
    classes.reduce((sum, one, z) => sum + (wanted(one) ? (counts[z] ?? 0) : 0), 0)
  const ofOnePerson = sumOf(shares, ({ match }) => match)
  const ofOthers = Math.min(PSEUDO_PAIRS, PSEUDO_OTHERS * ofOnePerson)
  const learnt = classes.map(({ match }, z) => {
    const share = shares[z] ?? 0
    return match ? share + PSEUDO_PAIRS : Math.max(0, share - UNSEEN * ofOnePerson) + ofOthers
  })
  const kin = {
    twins: Math.max(MOST_TWINS * ofOnePerson, TWINS_FOR_TWO_SEXES * ofTwoSexes),
    ofOneName: Math.max(MOST_OF_ONE_NAME * ofOnePerson, MOST_NAMED_AFTER * sumOf(shares, isFamilyAtHome)),
    sameBirth: MOST_TWINS * ofOnePerson,
  }
  const twins = sumOf(learnt, isTwins)
  return classes.map((one, z) => {
    if (one.groups === '') return bounds.strangers
    const most = mostOf(one, kin, bounds)
    const share = learnt[z] as number
    if (!isTwins(one) || twins === 0) return Math.min(share, most)
    // Twins of all homes together, and they move as one person does.
    const all = Math.min(twins, most)
    const asOne = sumOf(shares, (other) => other.match && contactsOf(other) === contactsOf(one)) / (ofOnePerson || 1)
    return Math.max((share * all) / twins, asOne * all)
  })
}

/** The most pairs of each kind of kin. */
interface Kin {
  readonly twins: number
  readonly ofOneName: number
  /** Twins who have neither a home, nor a telephone, nor a place in common. */
  readonly sameBirth: number
}

/** @returns what two records of a class have in common besides their people: home, town, telephone */
function contactsOf({ groups }: MatchClass): string {
  return groups.replace(/[^HPT]/g, '')
}

function isFamilyAtHome({ match, groups }: MatchClass): boolean {
  return !match && groups.includes('F') && /[HT]/.test(groups) && !/[GB]/.test(groups)
}

/** @returns the most pairs that a class may have */
function mostOf(one: MatchClass, kin: Kin, { mIsKnown, byChance }: ClassBounds): number {
  const has = (wanted: string) => Array.from(wanted).every((group) => one.groups.includes(group))
  if (one.match) return Number.POSITIVE_INFINITY
  const home = has('H') || has('T')
  // Who shares a home or a telephone does for a reason of life: of twins, and of those of one name, it is known how rare they are.
  const most = isTwins(one) || (home && has('B')) ? kin.twins : home && has('G') ? kin.ofOneName : undefined
  // Without a home, a town or a place of birth, twins are among those of one name and birthday.
  if (most === undefined) return byChance(one.groups) + (has('FB') ? kin.sameBirth : 0)
  return mIsKnown ? Number.POSITIVE_INFINITY : most
}
