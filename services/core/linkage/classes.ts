/**
 * The classes of the mixture: what is truly the same between two records. Fields in the set of a class agree for a reason: as well as
 * desks write (`m`) in a class of one person, as kin or by blocking (`a`) in a class of two. All others agree by chance (`u`). A plain model of two classes
 * takes twins, households and namesakes for matches, or punishes those who moved.
 */
import type { Trait } from './traits.ts'

/** Fields that are the same together. */
const GROUPS = {
  G: ['given_name'],
  F: ['family_name'],
  B: ['birth_date'],
  S: ['sex'],
  M: ['middle_name'],
  L: ['birth_place'],
  N: ['national_id'],
  H: ['street_number', 'street', 'unit'],
  P: ['city', 'region', 'postcode'],
  T: ['phone', 'email'],
} as const satisfies Readonly<Record<string, readonly Trait[]>>
type Group = keyof typeof GROUPS

export interface MatchClass {
  readonly name: string
  /** One person, in all records of this class. */
  readonly match: boolean
  readonly groups: string
}

const SELF = 'GFBSMLN'
const SELF_BUT_NAME = 'GBSMLN'

/** What is the same besides the person: home, town, telephone. */
const MATCHES: readonly (readonly [name: string, groups: string])[] = [
  ['same', `${SELF}HPT`],
  ['other phone', `${SELF}HP`],
  ['moved in town', `${SELF}PT`],
  ['moved in town, other phone', `${SELF}P`],
  ['moved', `${SELF}T`],
  ['moved, other phone', SELF],
  ['other name', `${SELF_BUT_NAME}HPT`],
  ['other name and phone', `${SELF_BUT_NAME}HP`],
  ['moved, other name', `${SELF_BUT_NAME}P`],
]

/** One given name is one sex. */
const OTHERS: readonly (readonly [name: string, groups: string])[] = [
  ['household, one name', 'FHPT'],
  ['household, one name, other phone', 'FHP'],
  // Brothers and sisters are born in one town.
  ['siblings', 'FLHPT'],
  ['siblings, other phone', 'FLHP'],
  // Families move as one person does.
  ['siblings, moved in town', 'FLPT'],
  ['one name and phone, in town', 'FPT'],
  ['one name and phone', 'FT'],
  ['one phone, in town', 'PT'],
  ['household', 'HPT'],
  ['household, other phone', 'HP'],
  ['one phone', 'T'],
  ['one number, one household', 'FNHPT'],
  ['twins', 'FBLHPT'],
  ['twins, other phone', 'FBLHP'],
  ['twins, moved in town', 'FBLPT'],
  ['twins in town', 'FBLP'],
  ['twins apart', 'FBL'],
  ['twins apart, one phone', 'FBLT'],
  ['siblings apart, one phone', 'FLT'],
  ['same name and birth', 'FB'],
  ['same name, birth and town', 'FBP'],
  ['parent and child of one name', 'GSFHPT'],
  ['parent and child of one name, other phone', 'GSFHP'],
  ['parent and child of one name, born in one town', 'GSFLHP'],
  ['parent and child of one name and birth place, one phone', 'GSFLHPT'],
  ['parent and child of one name, one phone', 'GSFT'],
  ['parent and child of one name, one phone, in town', 'GSFPT'],
  ['namesakes', 'GSF'],
  ['namesakes in town', 'GSFP'],
  // Names go with the country, and with the years, of birth.
  ['namesakes, born in one place', 'GSFL'],
  ['namesakes in the town of their birth', 'GSFLP'],
  ['same family name', 'F'],
  ['same family name in town', 'FP'],
  ['same family name, born in one place', 'FL'],
  ['same family name in the town of their birth', 'FLP'],
  // Every town has a Station Road; what they have in common is not their town.
  ['street of one name', 'H'],
  ['street and family of one name', 'FH'],
  ['street and given name the same', 'GSH'],
  ['street and birth the same', 'BH'],
  ['same given name', 'GS'],
  ['same given name in town', 'GSP'],
  ['same given name at home', 'GSHP'],
  ['same given name, born in one place', 'GSL'],
  ['same given name in the town of their birth', 'GSLP'],
  ['same birth', 'B'],
  ['same birth in town', 'BP'],
  ['same birth and place', 'BL'],
  ['same birth in the town of their birth', 'BLP'],
  ['same birth at home', 'BHP'],
  ['same birth and given name', 'GSB'],
  ['same birth and given name in town', 'GSBP'],
  ['same birth, place and given name', 'GSBL'],
  ['same birth and given name in the town of their birth', 'GSBLP'],
  ['neighbours', 'P'],
  ['born in town', 'PL'],
  ['chance', ''],
]

const GROUP_OF: ReadonlyMap<Trait, Group> = new Map(
  Object.entries(GROUPS).flatMap(([group, traits]) => traits.map((trait) => [trait, group as Group] as const)),
)

/** @returns whether a field is truly the same in records of a class */
export function isSame(one: MatchClass, trait: Trait): boolean {
  if (trait === 'email') return one.match || /[FHT]/.test(one.groups)
  const group = GROUP_OF.get(trait)
  return group !== undefined && one.groups.includes(group)
}

/** Two people of one name. */
export function isNamesakes({ match, groups }: MatchClass): boolean {
  return !match && groups.includes('G') && groups.includes('F')
}

/**
 * In a class of two people: whether they share the field for a reason of their lives, and not because a common value was drawn twice.
 * Then the value's frequency says nothing.
 */
export function isKin(one: MatchClass, trait: Trait): boolean {
  if (!isSame(one, trait)) return false
  if (trait === 'email') return !one.match
  const group = GROUP_OF.get(trait)
  const has = (other: Group) => one.groups.includes(other)
  if (group === 'F') return has('H') || has('T') || (has('B') && (has('L') || has('P')))
  if (group === 'G') return has('F') && has('H')
  return group === 'B' ? has('F') && /[HLPT]/.test(one.groups) : true
}

/** Two people of one family and one birth, who share more than strangers do. */
export function isTwins(one: MatchClass): boolean {
  return !one.match && one.groups.includes('F') && isKin(one, 'birth_date')
}

/**
 * Whether a field agrees as in records of one person. Of two people only what they share in life does, written by the same desks: the
 * home and the birth of twins. What strangers of one birthday have in common is mostly the day without the year, because
 * blocking asks for it; and of wives and husbands only the used name is the same.
 */
export function isAsOfOne(one: MatchClass, trait: Trait): boolean {
  if (!isSame(one, trait)) return false
  if (trait === 'email') return one.match
  const has = (groups: string) => Array.from(groups).every((group) => one.groups.includes(group))
  switch (GROUP_OF.get(trait)) {
    case 'B':
      return one.match || isKin(one, trait)
    case 'F':
      return one.match || (has('B') && isKin(one, trait))
    case 'H':
    case 'P':
      return one.match || (has('HP') && isTwins(one))
    case 'L':
      return one.match || has('F')
    case 'T':
      return true
    default:
      return one.match
  }
}

/** @returns of a class's groups, those that have one of these fields, in one order */
function groupsWith(traits: Iterable<Trait>): (groups: string) => string {
  const present = new Set<string>()
  for (const trait of traits) present.add(GROUP_OF.get(trait) ?? '')
  return (groups) =>
    Array.from(groups)
      .filter((group) => present.has(group))
      .toSorted()
      .join('')
}

/** @returns the classes that can be told apart with these fields, of one person first; the sets have only groups with a field */
export function classesFor(traits: Iterable<Trait>): readonly MatchClass[] {
  const cut = groupsWith(traits)
  const made = new Map<string, MatchClass>()
  for (const [list, match] of [
    [MATCHES, true],
    [OTHERS, false],
  ] as const)
    for (const [name, groups] of list) {
      const key = cut(groups)
      // Records of one person that have nothing in common are strangers' records.
      if (!made.has(key) && !(match && key === '')) made.set(key, { name, match, groups: key })
    }
  return [...made.values()]
}

/**
 * @param traits of records that may have fewer fields than those a model was learnt on: classes that they cannot tell apart are one
 * @returns the share that the model gives to each class of `classesFor`; 0 for one that it does not know
 */
export function sharesOf(
  learnt: readonly { readonly groups: string; readonly match: boolean; readonly share: number }[],
  traits: readonly Trait[],
): Float64Array {
  const cut = groupsWith(traits)
  const shares = new Map<string, number>()
  const keyOf = (match: boolean, groups: string) => `${match} ${groups}`
  for (const { groups, match, share } of learnt) {
    const key = keyOf(match, cut(groups))
    shares.set(key, (shares.get(key) ?? 0) + share)
  }
  return Float64Array.from(classesFor(traits), ({ match, groups }) => shares.get(keyOf(match, groups)) ?? 0)
}
