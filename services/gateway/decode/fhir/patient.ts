/** Patient -> `patient`, and `death` when the day of death is known. */

import { insOf, nirOf, patientIpp } from '#core/fhir/identifiers.ts'
import { type Json, object, objects, text, texts } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { type FeedRecord, type Mapped, type Paths, versionOf } from './common.ts'
import { dayOf, momentOf } from './dates.ts'
import { booleanOf, type Refuse } from './refuse.ts'

const BIRTH_PLACE = 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace'
const INSEE_CODE = 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code'
const RELIABILITY = 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability'
/** Those of the resource itself that are read. */
export const PATIENT_EXTENSIONS: readonly string[] = [BIRTH_PLACE, RELIABILITY]
const GIVEN_LIST = 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name'

const IDENTITY_PATHS = {
  record_id: ['identifier', 'id'],
  record_version: 'meta.lastUpdated',
  patient_ipp: ['identifier', 'id'],
  ins: 'identifier',
  nir: 'identifier',
  identity_status: 'extension',
  birth_family_name: 'name.family',
  birth_given_names: ['name.given', 'name.extension'],
  birth_date: 'birthDate',
  sex: 'gender',
  birth_place_insee: 'extension',
}

export const PATIENT_PATHS: Paths = {
  patient: {
    ...IDENTITY_PATHS,
    used_family_name: 'name.family',
    address_line: 'address.line',
    postcode: 'address.postalCode',
    city: 'address.city',
    phone: 'telecom',
    email: 'telecom',
    deceased: 'deceased',
    deceased_on: 'deceased',
    deceased_precision: 'deceased',
    birth_partial: 'birthDate',
    birth_precision: 'birthDate',
    active: 'active',
    updated_at: 'meta.lastUpdated',
  },
  death: { ...IDENTITY_PATHS, died_on: 'deceased' },
}

/** Two dates of birth: only a day in full may link people, so that a partial one is kept beside it. */
export function mapPatient(patient: Json, bundle: Bundle, refuse: Refuse): Mapped {
  const ipp = patientIpp(patient)
  const deceased = dayOf(patient.deceasedDateTime)
  const birth = dayOf(patient.birthDate)
  refuseMerged(patient, refuse)
  const identity = {
    ...versionOf(patient, bundle),
    record_id: ipp,
    patient_ipp: ipp,
    ins: insOf(patient),
    nir: nirOf(patient),
    identity_status: statusOf(patient),
    ...birthNames(patient),
    birth_date: birth.precision === null ? birth.on : null,
    sex: text(patient.gender) ?? 'unknown',
    birth_place_insee: birthPlace(patient),
  }
  const address = currentAddress(patient)
  const updatedAt = momentOf(object(patient.meta)?.lastUpdated).at ?? new Date(bundle.receivedAt).toISOString()
  const records: FeedRecord[] = [
    {
      feed: 'patient',
      record: {
        ...identity,
        used_family_name: usedFamilyName(patient),
        address_line: texts(address?.line).join(', ') || null,
        postcode: text(address?.postalCode) ?? null,
        city: text(address?.city) ?? null,
        phone: telecom(patient, 'phone'),
        email: telecom(patient, 'email'),
        deceased_on: deceased.on,
        ...unlessAbsent({
          deceased_precision: deceased.precision,
          deceased: deceased.on === null ? booleanOf(patient, 'deceasedBoolean', refuse) : true,
          birth_partial: birth.precision === null ? null : birth.on,
          birth_precision: birth.precision,
          active: booleanOf(patient, 'active', refuse),
        }),
        updated_at: updatedAt,
      },
    },
  ]
  if (deceased.on !== null && deceased.precision === null)
    records.push({ feed: 'death', record: { ...identity, died_on: deceased.on } })
  return { ok: true, records }
}

/** A name that hides one, that is not used any more, or that friends use. */
const NOT_OF_BIRTH = ['anonymous', 'old', 'nickname']

/** Birth name: `maiden` where a married name is official (HL7), else `official` (FR Core), else the first name. */
function birthNames(patient: Json): { birth_family_name: string | null; birth_given_names: string | null } {
  const names = objects(patient.name).filter((name) => !NOT_OF_BIRTH.includes(text(name.use) ?? ''))
  const maiden = names.find((name) => name.use === 'maiden')
  const official = names.find((name) => name.use === 'official') ?? names[0]
  const listed = text(extension(official, GIVEN_LIST)?.valueString)
  return {
    birth_family_name: text(maiden?.family) ?? text(official?.family) ?? null,
    birth_given_names: listed ?? (texts(official?.given).join(' ') || null),
  }
}

function usedFamilyName(patient: Json): string | null {
  const names = objects(patient.name)
  const used = names.find((name) => name.use === 'usual')
  const married = names.some((name) => name.use === 'maiden')
    ? names.find((name) => name.use === 'official')
    : undefined
  return text(used?.family) ?? text(married?.family) ?? null
}

/** HL7 table 0445 in FR Core's extension. */
function statusOf(patient: Json): string | null {
  const reliability = extension(patient, RELIABILITY)
  const status = objects(reliability?.extension).find((inner) => inner.url === 'identityStatus')
  return text(object((status ?? reliability)?.valueCoding)?.code) ?? null
}

function birthPlace(patient: Json): string | null {
  const address = object(extension(patient, BIRTH_PLACE)?.valueAddress)
  const insee = extension(address, INSEE_CODE)
  return text(object(insee?.valueCoding)?.code) ?? text(insee?.valueString) ?? null
}

function currentAddress(patient: Json): Json | undefined {
  const addresses = objects(patient.address).filter((address) => address.use !== 'old')
  return addresses.find((address) => address.use === 'home') ?? addresses[0]
}

function telecom(patient: Json, system: string): string | null {
  return (
    text(objects(patient.telecom).find((contact) => contact.system === system && contact.use !== 'old')?.value) ?? null
  )
}

function extension(of: Json | undefined, url: string): Json | undefined {
  return objects(of?.extension).find((candidate) => candidate.url === url)
}

/** A patient who was merged into another one is no patient of its own any more. */
function refuseMerged(patient: Json, refuse: Refuse): void {
  const merged = objects(patient.link).findIndex((link) => link.type === 'replaced-by')
  if (merged !== -1) refuse(`link[${merged}].type`, 'unsupported-modifier')
}

function unlessAbsent(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}
