/**
 * Registrations of simulated people at several hospitals over the years, without their care: each person has one to eight, between
 * which people move, change their telephone, or marry. Newborns are registered before they have a name. Pure: the same options give
 * the same rows.
 */

import { COMMUNES } from './data/communes.ts'
import { FAMILY_NAMES } from './data/family-names.ts'
import { phoneNumber, streetAddress } from './data/streets.ts'
import { hospitalOf } from './hospital/hospital.ts'
import { type ErrorRates, writeContact, writeIdentity } from './hospital/registration.ts'
import { ageAt, type Home, type Person } from './people/person.ts'
import { population } from './people/population.ts'
import { type Random, randomOf, weighted } from './random.ts'

export interface IdentitySet {
  /** In the order of IDENTITY_COLUMNS. */
  readonly rows: readonly (readonly string[])[]
  /** Every pair of rows of one person. */
  readonly links: readonly (readonly [string, string])[]
  /** Pairs of rows of two people: twins, parent and child of one name, newborns of one birth. */
  readonly kin: readonly (readonly [string, string, string])[]
}

export interface IdentityOptions {
  readonly seed: number
  /** Rows, about: persons are added until there are as many. */
  readonly records: number
  readonly rates: ErrorRates
  /** First day of the registrations, milliseconds since 1970. */
  readonly startMs: number
}

export const IDENTITY_COLUMNS = [
  'record_id',
  'nir',
  'used_family_name',
  'birth_family_name',
  'birth_given_names',
  'birth_date',
  'sex',
  'birth_place_insee',
  'address_line',
  'postcode',
  'city',
  'phone',
  'email',
] as const

const REGISTRATIONS = weighted([
  [1, 55],
  [2, 27],
  [3, 11],
  [4, 4],
  [5, 2],
  [8, 1],
] as const)
const HOSPITALS = 6
/** Between two registrations. */
const MOVES = 0.12
const MOVES_IN_TOWN = 0.5
const NEW_PHONE = 0.08
const NEW_USED_NAME = 0.04
/** Children under this age, in years, are first registered at their birth. */
const NEWBORN_AGE = 1
const NEWBORN_NAMES = ['BEBE', 'Bébé', 'NOUVEAU-NE', 'X', 'Nouveau né'] as const

interface Row {
  readonly person: Person
  readonly id: string
  readonly newborn: boolean
}

export function identitySet(options: IdentityOptions): IdentitySet {
  const seed = `${options.seed}/identities`
  // More persons than rows: each has a row at least.
  const people = population(seed, options.records, options.startMs)
  const hospitals = Array.from({ length: HOSPITALS }, (_, i) => hospitalOf(seed, i))
  const rows: string[][] = []
  const links: (readonly [string, string])[] = []
  const kin: (readonly [string, string, string])[] = []

  for (let n = 0; rows.length < options.records; n++) {
    const random = randomOf(`${seed}/registrations/${n}`)
    const household: Row[] = []
    const members = people.grow()
    if (members.length === 0) break
    for (const person of members) {
      const own: Row[] = []
      let current = person
      const newborn = ageAt(person, options.startMs) < NEWBORN_AGE
      const count = REGISTRATIONS.draw(random) + (newborn && random.chance(0.5) ? 1 : 0)
      for (let r = 0; r < count; r++) {
        if (r > 0) current = later(current, random)
        const unnamed = newborn && r === 0
        const row = { person, id: `rec-${rows.length + 1}`, newborn: unnamed }
        const { spelling } = random.pick(hospitals)
        const identity = writeIdentity(current, spelling, options.rates, options.startMs, random)
        const contact = writeContact(current, spelling, options.rates, random)
        rows.push(
          IDENTITY_COLUMNS.map((column) => {
            if (column === 'record_id') return row.id
            if (unnamed && column === 'nir') return ''
            if (unnamed && column === 'birth_given_names') return random.pick(NEWBORN_NAMES)
            if (column === 'sex') return identity.sex === 'unknown' ? '' : identity.sex
            return String({ ...identity, ...contact }[column] ?? '')
          }),
        )
        for (const before of own) links.push([before.id, row.id])
        own.push(row)
      }
      household.push(...own)
    }
    for (const [i, a] of household.entries())
      for (const b of household.slice(i + 1)) {
        const kind = kinOf(a, b)
        if (kind) kin.push([a.id, b.id, kind])
      }
  }
  return { rows, links, kin }
}

/** What may have happened to a person until the next registration. */
function later(person: Person, random: Random): Person {
  let { home, phone, usedFamilyName } = person
  if (random.chance(MOVES)) home = moved(home, random)
  if (random.chance(NEW_PHONE)) phone = phoneNumber(random, true)
  if (person.sex === 'female' && random.chance(NEW_USED_NAME)) usedFamilyName = FAMILY_NAMES.draw(random)
  return { ...person, home, phone, usedFamilyName }
}

function moved(home: Home, random: Random): Home {
  const commune = random.chance(MOVES_IN_TOWN) ? home.commune : COMMUNES.draw(random)
  return { ...home, line: streetAddress(random), commune }
}

function kinOf(a: Row, b: Row): string | undefined {
  if (a.person === b.person) return undefined
  const born = a.person.birthMs === b.person.birthMs
  if (born && (a.newborn || b.newborn)) return 'newborns'
  if (born) return 'twins'
  const named = a.person.givenNames[0] === b.person.givenNames[0]
  return named && a.person.birthFamilyName === b.person.birthFamilyName ? 'parent and child of one name' : undefined
}
