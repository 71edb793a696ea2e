/** Patient -> `patient`, and `death` when the day of death is known. */

import { insOf, nirOf, patientIpp } from '#core/fhir/identifiers.ts'
import { type Json, object, objects, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import { type FeedRecord, type Mapped, type Paths, versionOf } from './common.ts'
import { dayOf, momentOf } from './dates.ts'
import { birthNames, currentAddress, extension, streetOf, telecom, usedFamilyName } from './names.ts'
import { booleanOf, type Refuse } from './refuse.ts'

const BIRTH_PLACE = 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace'
const INSEE_CODE = 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code'
const RELIABILITY = 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability'
/** Those of the resource itself that are read. */
export const PATIENT_EXTENSIONS: readonly string[] = [BIRTH_PLACE, RELIABILITY]

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
        address_line: streetOf(address),
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

/** A patient who was merged into another one is no patient of its own any more. */
function refuseMerged(patient: Json, refuse: Refuse): void {
  const merged = objects(patient.link).findIndex((link) => link.type === 'replaced-by')
  if (merged !== -1) refuse(`link[${merged}].type`, 'unsupported-modifier')
}

function unlessAbsent(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}
