/** Families as a data set for the linkage: twins, fathers and sons of one name, newborns without a name; numbers on a part of the records. */
import type { Trait, Traits } from '../../services/core/linkage/traits.ts'
import type { DataSet } from '../../services/linker/evaluate/data-set.ts'
import { COMMUNES } from '../../services/synthetic/data/communes.ts'
import { FAMILY_NAMES } from '../../services/synthetic/data/family-names.ts'
import { type BinarySex, givenNames } from '../../services/synthetic/data/given-names.ts'
import { phoneNumber, streetAddress } from '../../services/synthetic/data/streets.ts'
import { type Random, randomOf } from '../../services/synthetic/random.ts'

export interface KinSetOptions {
  readonly seed: string
  readonly families: number
  /** Share of the families with twins, of those with a son of his father's name, of those with a newborn (half of them twins). */
  readonly kin: number
  /** Share of the records of people with a name that have the number; 0: it is no trait of the set. */
  readonly numbers: number
  /** Share of values that are written wrong. */
  readonly errors: number
}

type Person = Required<
  Pick<
    Traits,
    | 'national_id'
    | 'family_name'
    | 'given_name'
    | 'birth_date'
    | 'sex'
    | 'birth_place'
    | 'street'
    | 'city'
    | 'postcode'
    | 'phone'
  >
>
interface Member {
  readonly person: Person
  readonly newborn: boolean
  /** Members of one family with one tag are kin of that kind. */
  readonly kind?: string
}

const TRAITS = [
  'national_id',
  'family_name',
  'given_name',
  'birth_date',
  'sex',
  'birth_place',
  'street',
  'city',
  'postcode',
  'phone',
] as const satisfies readonly Trait[]
const UNNAMED = ['BEBE', 'Bébé', 'X', 'Nouveau-né', 'Baby girl', 'fils de Marie']
const LAST_YEAR = 2023
const MISSING = 0.05
const MOVED = 0.1

/** @returns records in an order without meaning; `kin` has every pair of records of two members of one kind */
export function kinSet({ seed, families, kin, numbers, errors }: KinSetOptions): DataSet {
  const random = randomOf(seed)
  const rows: { traits: Traits; member: Member; family: number; order: number; unnamed: boolean }[] = []
  for (let family = 0; family < families; family++)
    for (const member of familyOf(random, kin)) {
      let person = member.person
      const count = random.pick([1, 2, 2, 3])
      for (let n = 0; n < count; n++) {
        if (n > 0 && random.chance(MOVED)) person = { ...person, ...home(random) }
        const unnamed = member.newborn && n === 0
        const traits = written(person, unnamed, random, { numbers, errors })
        rows.push({ traits, member, family, order: random.next(), unnamed })
      }
    }
  rows.sort((a, b) => a.order - b.order)
  const links: [number, number][] = []
  const pairs: [number, number, string][] = []
  for (const [a, one] of rows.entries())
    for (let b = a + 1; b < rows.length; b++) {
      const other = rows[b] as typeof one
      if (one.family !== other.family) continue
      if (one.member === other.member) links.push([a, b])
      else if (one.member.kind !== undefined && one.member.kind === other.member.kind) {
        const newborns = one.unnamed || other.unnamed
        // A newborn that has its name by now is a twin as others are.
        if (newborns || one.member.kind !== 'newborns') pairs.push([a, b, one.member.kind])
      }
    }
  return {
    traits: new Set(TRAITS.filter((trait) => trait !== 'national_id' || numbers > 0)),
    dates: 'YYYYMMDD',
    completeness: {},
    notes: [],
    sources: 1,
    ids: rows.map((_, n) => `r${n}`),
    sourceOf: new Uint8Array(rows.length),
    record: (n) => rows[n]?.traits ?? {},
    links,
    kin: pairs,
  }
}

function familyOf(random: Random, kin: number): Member[] {
  const shared = { family_name: FAMILY_NAMES.draw(random), ...home(random) }
  const year = random.int(1950, 1990)
  const born = (from: number, to: number) => birth(random, Math.min(from, LAST_YEAR), Math.min(to, LAST_YEAR))
  const at = { ...shared, birth_place: shared.city }
  const father = person(random, { ...shared, sex: 'male', birth_date: born(year, year + 4) })
  const mother = person(random, {
    ...shared,
    ...(random.chance(0.5) && { family_name: FAMILY_NAMES.draw(random) }),
    sex: 'female',
    birth_date: born(year, year + 4),
  })
  const child = (birth_date: string, more: Partial<Person> = {}) => person(random, { ...at, birth_date, ...more })
  const members: Member[] = [{ person: mother, newborn: false }]
  for (let n = random.int(0, 2); n > 0; n--) members.push({ person: child(born(year + 24, year + 34)), newborn: false })
  const hasSon = random.chance(kin)
  members.push({ person: father, newborn: false, ...(hasSon && { kind: 'father and son' }) })
  if (hasSon) {
    const son = child(born(year + 24, year + 34), { sex: 'male', given_name: father.given_name })
    members.push({ person: son, newborn: false, kind: 'father and son' })
  }
  const pair = (birth_date: string, newborn: boolean, kind: string) => {
    const first = child(birth_date)
    let second = child(birth_date, { national_id: String(Number(first.national_id) + 1), phone: first.phone })
    while (second.given_name === first.given_name)
      second = child(birth_date, { ...second, given_name: named(random, second) })
    for (const one of [first, second]) members.push({ person: one, newborn, kind })
  }
  if (random.chance(kin)) pair(born(year + 24, year + 34), false, 'twins')
  if (random.chance(kin)) {
    const birthDate = born(LAST_YEAR, LAST_YEAR)
    if (random.chance(0.5)) pair(birthDate, true, 'newborns')
    else {
      members.push({ person: child(birthDate), newborn: true, kind: 'newborns' })
      members.push({ person: child(born(LAST_YEAR - 3, LAST_YEAR - 1)), newborn: false, kind: 'newborns' })
    }
  }
  return members
}

const named = (random: Random, { sex, birth_date }: Pick<Person, 'sex' | 'birth_date'>) =>
  givenNames(sex as BinarySex, Number(birth_date.slice(0, 4))).draw(random)

function person(
  random: Random,
  known: Omit<Person, 'national_id' | 'given_name' | 'sex' | 'birth_place'> & Partial<Person>,
): Person {
  const sex = known.sex ?? random.pick(['female', 'male'])
  return {
    national_id: String(random.int(1_000_000_000, 9_000_000_000)),
    given_name: named(random, { sex, birth_date: known.birth_date }),
    birth_place: COMMUNES.draw(random).name,
    ...known,
    sex,
  }
}

function home(random: Random): Pick<Person, 'street' | 'city' | 'postcode' | 'phone'> {
  const { name, postcode } = COMMUNES.draw(random)
  return { street: streetAddress(random), city: name, postcode, phone: phoneNumber(random, true) }
}

function birth(random: Random, from: number, to: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${random.int(from, to)}${two(random.int(1, 12))}${two(random.int(1, 28))}`
}

function written(
  one: Person,
  unnamed: boolean,
  random: Random,
  { numbers, errors }: Pick<KinSetOptions, 'numbers' | 'errors'>,
): Traits {
  const traits: Partial<Record<Trait, string>> = {}
  for (const trait of TRAITS) {
    if (trait === 'national_id' ? unnamed || !random.chance(numbers) : random.chance(MISSING)) continue
    const value = trait === 'given_name' && unnamed ? random.pick(UNNAMED) : one[trait]
    const isRight = trait === 'national_id' || trait === 'sex' || (trait === 'given_name' && unnamed)
    traits[trait] = isRight || !random.chance(errors) ? value : typo(value, random)
  }
  return traits
}

function typo(value: string, random: Random): string {
  const at = random.int(0, value.length - 1)
  const wrong = random.pick(Array.from(/\d/.test(value.charAt(at)) ? '0123456789' : 'abcdefghijklmnopqrstuvwxyz'))
  return value.slice(0, at) + wrong + value.slice(at + (random.chance(0.5) ? 1 : 0))
}
