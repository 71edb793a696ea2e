/** People as the simulation makes them, and what an attacker knows of such people from elsewhere: how frequent each value is. */

import { DAY_MS, type Person } from '../../../services/synthetic/people/person.ts'
import { population } from '../../../services/synthetic/people/population.ts'

const START = Date.UTC(2023, 6, 1)

/** Each person alone: no two records of one; households are not in one place. @param seed another one gives other people of the same distribution */
export function peopleOf(seed: string, size: number): readonly Person[] {
  const people = population(seed, size, START)
  while (people.grow().length > 0);
  return people.persons.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** @returns the record of the patient feed, complete and without errors: nothing hides a person from an attack */
export function patientOf(person: Person, id: string): Readonly<Record<string, unknown>> {
  return {
    record_id: id,
    record_version: 1,
    operation: 'upsert',
    patient_ipp: id,
    ins: person.nir,
    nir: person.nir,
    identity_status: 'VALI',
    birth_family_name: person.birthFamilyName,
    birth_given_names: person.givenNames.join(' '),
    birth_date: person.birthMs / DAY_MS,
    sex: person.sex,
    birth_place_insee: person.birthPlace,
    used_family_name: person.usedFamilyName,
    address_line: person.home.line,
    postcode: person.home.commune.postcode,
    city: person.home.commune.name,
    phone: person.phone,
    email: person.email,
  }
}

/** What an attack names of a person. */
export const NAMED = {
  'given name': ({ givenNames: [first = ''] }: Person) => first,
  'family name': ({ birthFamilyName }: Person) => birthFamilyName,
  'place of birth': ({ birthPlace }: Person) => birthPlace,
} as const
export type Named = keyof typeof NAMED
export const ALL_NAMED = Object.keys(NAMED) as readonly Named[]

/** Sex and years of birth, which are told beside the tokens: 16 groups. */
export function groupOf({ sex, birthMs }: Person): number {
  const decade = Math.floor((new Date(birthMs).getUTCFullYear() - 1944) / 10)
  return (sex === 'female' ? 8 : 0) + Math.min(7, Math.max(0, decade))
}
export const GROUPS = 16
