/** What a registration desk writes about a person: the true traits, without the missing ones, with typing errors. */
import { ageAt, type Person } from '../people/person.ts'
import { type Random, weighted } from '../random.ts'
import type { Identity, PatientRecord } from '../records.ts'
import { timestamp } from '../records.ts'
import { type Hospital, type Spelling, spell } from './hospital.ts'
import { mistype, mistypeDate, mistypeNumber, swapDayAndMonth } from './trait-errors.ts'

export interface ErrorRates {
  /** For each of birth name, given names, birth date, NIR and address, that it has one typing error. */
  readonly typo: number
  /** For each of INS, NIR, birth place, used name, address, telephone and e-mail, that a known one is left out. */
  readonly missing: number
  /** For each registration: given and family name swapped; day and month swapped; used name in the place of the birth name. */
  readonly swap: number
}

export const DEFAULT_RATES: ErrorRates = { typo: 0.02, missing: 0.05, swap: 0.005 }
/** Factor on the missing rate for a birth date; half of it for the sex. */
const MISSING_BIRTH_DATE_FACTOR = 0.1

/** Statuses of HL7 table 0445; only VALI has an INS. */
const STATUSES = weighted([
  ['VALI', 70],
  ['PROV', 18],
  ['RECD', 3],
  ['VIDE', 6],
  ['DOUT', 1],
  ['DOUB', 1],
  ['ANOM', 0.5],
  ['HOMD', 0.5],
] as const)

/** A patient of a hospital: what the hospital wrote, and under which numbers. */
export interface Registration {
  readonly person: Person
  readonly ipp: string
  readonly recordId: string
  version: number
  identity: Identity
  contact: Contact
}

export type Contact = Pick<PatientRecord, 'used_family_name' | 'address_line' | 'postcode' | 'city' | 'phone' | 'email'>

/** @param atMs time of the registration: no birth date is later */
export function writeIdentity(
  person: Person,
  spelling: Spelling,
  rates: ErrorRates,
  atMs: number,
  random: Random,
): Identity {
  const kept = (p = rates.missing) => !random.chance(p)
  const typed = (text: string) => (random.chance(rates.typo) ? mistype(text, random) : text)
  const wanted = STATUSES.draw(random)
  const ins = wanted === 'VALI' && person.nirKnown && kept() ? person.nir : null
  const status = wanted === 'VALI' && ins === null ? 'PROV' : wanted
  // Children are often registered under a parent's number, and this simulation leaves the NIR out instead.
  const nirKept = person.nirKnown && kept() && !(ageAt(person, atMs) < 16 && random.chance(0.4))
  const nir = !nirKept ? null : random.chance(rates.typo) ? mistypeNumber(person.nir, random) : person.nir
  let family = typed(spell(person.birthFamilyName, spelling))
  let given = typed(spell(person.givenNames.join(' '), spelling))
  if (person.usedFamilyName !== person.birthFamilyName && random.chance(rates.swap))
    family = spell(person.usedFamilyName, spelling)
  if (random.chance(rates.swap)) [family, given] = [given, family]
  let birthDate = random.chance(rates.typo) ? mistypeDate(person.birthDate, atMs, random) : person.birthDate
  if (random.chance(rates.swap)) birthDate = swapDayAndMonth(birthDate, atMs) ?? birthDate
  return {
    ins,
    nir,
    identity_status: status,
    birth_family_name: family,
    birth_given_names: given,
    birth_date: kept(rates.missing * MISSING_BIRTH_DATE_FACTOR) ? birthDate : null,
    sex: kept((rates.missing * MISSING_BIRTH_DATE_FACTOR) / 2) ? person.sex : 'unknown',
    birth_place_insee: kept() ? person.birthPlace : null,
  }
}

export function writeContact(person: Person, spelling: Spelling, rates: ErrorRates, random: Random): Contact {
  const kept = () => !random.chance(rates.missing)
  const line = random.chance(rates.typo) ? mistype(person.home.line, random) : person.home.line
  const address = kept()
  return {
    used_family_name: kept() ? spell(person.usedFamilyName, spelling) : null,
    address_line: address ? line : null,
    postcode: address ? person.home.commune.postcode : null,
    city: address ? spell(person.home.commune.name, spelling) : null,
    phone: kept() ? person.phone : null,
    email: kept() ? person.email : null,
  }
}

/** @returns the current patient record of a registration */
export function patientRecord(registration: Registration, hospital: Hospital, atMs: number): PatientRecord {
  const { person, identity, contact } = registration
  return {
    record_id: registration.recordId,
    record_version: registration.version,
    operation: 'upsert',
    patient_ipp: registration.ipp,
    ...identity,
    ...contact,
    deceased_on: person.diedMs === null ? null : new Date(person.diedMs).toISOString().slice(0, 10),
    updated_at: timestamp(atMs, hospital.plusOne),
  }
}
