/**
 * People of a few countries, each with few names, beside others of many names, as a data set for the linkage: names go with the country of birth, and e-mail addresses are made of names. Without
 * a number of the person.
 */
import type { Trait, Traits } from '../../services/core/linkage/traits.ts'
import type { DataSet } from '../../services/linker/evaluate/data-set.ts'
import { COMMUNES } from '../../services/synthetic/data/communes.ts'
import { FAMILY_NAMES } from '../../services/synthetic/data/family-names.ts'
import { type BinarySex, givenNames } from '../../services/synthetic/data/given-names.ts'
import { phoneNumber, streetAddress } from '../../services/synthetic/data/streets.ts'
import { type Random, randomOf } from '../../services/synthetic/random.ts'

export interface NamesakeSetOptions {
  readonly seed: string
  readonly people: number
}

const TRAITS = [
  'family_name',
  'given_name',
  'birth_date',
  'sex',
  'birth_place',
  'street',
  'city',
  'postcode',
  'phone',
  'email',
] as const satisfies readonly Trait[]
type Person = Record<(typeof TRAITS)[number], string>
/** Of these a part of the records has no value. */
const OFTEN_MISSING: ReadonlySet<Trait> = new Set<Trait>(['birth_place', 'phone', 'email'])

const COUNTRIES = 10
const FROM_ABROAD = 0.4
/** Names of a country: families, and given names of each sex. */
const FAMILIES = 8
const GIVEN = 6
const MISSING = 0.3
const MISSING_BIRTH_DATE = 0.03
const ERRORS = 0.05
const MOVED = 0.3
const SYLLABLES = ['ba', 'di', 'ko', 'lu', 'me', 'na', 'po', 'ra', 'si', 'tu', 've', 'zi']

export function namesakeSet({ seed, people }: NamesakeSetOptions): DataSet {
  const random = randomOf(seed)
  const countries = Array.from({ length: COUNTRIES }, (_, at) => ({
    code: String(99_100 + at),
    families: Array.from({ length: FAMILIES }, () => invented(random, 4)),
    female: Array.from({ length: GIVEN }, () => invented(random, 3)),
    male: Array.from({ length: GIVEN }, () => invented(random, 3)),
  }))
  const rows: { readonly traits: Traits; readonly person: number; readonly order: number }[] = []
  for (let n = 0; n < people; n++) {
    const sex: BinarySex = random.pick(['female', 'male'])
    const year = random.int(1940, 2005)
    const country = random.chance(FROM_ABROAD) ? random.pick(countries) : undefined
    const given_name = country ? random.pick(country[sex]) : givenNames(sex, year).draw(random)
    const family_name = country ? random.pick(country.families) : FAMILY_NAMES.draw(random)
    const letters = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '')
    const number = random.chance(0.3) ? String(year % 100) : ''
    let person: Person = {
      ...home(random),
      family_name,
      given_name,
      sex,
      birth_date: `${year}${two(random.int(1, 12))}${two(random.int(1, 28))}`,
      birth_place: country?.code ?? COMMUNES.draw(random).name,
      phone: phoneNumber(random, true),
      email: `${letters(given_name)}.${letters(family_name)}${number}@${random.pick(['mail', 'post'])}.example`,
    }
    for (let count = random.pick([1, 1, 2, 3]); count > 0; count--) {
      rows.push({ traits: written(person, random), person: n, order: random.next() })
      if (random.chance(MOVED)) person = { ...person, ...home(random) }
    }
  }
  rows.sort((a, b) => a.order - b.order)
  const links = rows.flatMap(({ person }, a) =>
    rows.flatMap((other, b) => (a < b && other.person === person ? [[a, b] as const] : [])),
  )
  return {
    traits: new Set<Trait>(TRAITS),
    dates: 'YYYYMMDD',
    completeness: {},
    notes: [],
    sources: 1,
    ids: rows.map((_, n) => `r${n}`),
    sourceOf: new Uint8Array(rows.length),
    record: (n) => rows[n]?.traits ?? {},
    links,
    kin: [],
  }
}

function invented(random: Random, syllables: number): string {
  return Array.from({ length: syllables }, () => random.pick(SYLLABLES)).join('')
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}

function home(random: Random): Pick<Person, 'street' | 'city' | 'postcode'> {
  const { name, postcode } = COMMUNES.draw(random)
  return { street: streetAddress(random), city: name, postcode }
}

function written(person: Person, random: Random): Traits {
  const traits: Partial<Record<Trait, string>> = {}
  const hasHome = !random.chance(MISSING)
  for (const trait of TRAITS) {
    const isHome = trait === 'street' || trait === 'city' || trait === 'postcode'
    if (isHome && !hasHome) continue
    if (OFTEN_MISSING.has(trait) && random.chance(MISSING)) continue
    if (trait === 'birth_date' && random.chance(MISSING_BIRTH_DATE)) continue
    const value = person[trait]
    traits[trait] = trait !== 'sex' && random.chance(ERRORS) ? mistyped(value, random) : value
  }
  return traits
}

function mistyped(value: string, random: Random): string {
  const at = random.int(0, value.length - 1)
  const wrong = random.pick(Array.from(/\d/.test(value.charAt(at)) ? '0123456789' : 'abcdefghijklmnopqrstuvwxyz'))
  return value.slice(0, at) + wrong + value.slice(at + 1)
}
