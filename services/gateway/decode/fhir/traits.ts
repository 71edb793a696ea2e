/** What a body says of the patient of a document and of professionals: `deidentify` looks for it in the text, and removes it. */
import { parseCalendarDate } from '#core/contract/calendar.ts'
import { type Json, text } from '#core/fhir/json.ts'
import { otherNames } from '../names-in-text.ts'
import { allNames, birthNames, currentAddress, streetOf, telecom, usedFamilyName } from './names.ts'

/** Fields of the contract. */
export interface Traits {
  readonly patient_birth_family_name: string | null
  readonly patient_birth_given_names: string | null
  readonly patient_used_family_name: string | null
  readonly patient_other_names: string | null
  readonly patient_birth_date: string | null
  readonly patient_address_line: string | null
  readonly patient_postcode: string | null
  readonly patient_city: string | null
  readonly patient_phone: string | null
  readonly patient_email: string | null
}

/** As in the record of the patient, but nothing here refuses a text: what is no day in full is no birth date to look for. */
export function traitsOf(patient: Json): Traits {
  const { birth_family_name, birth_given_names } = birthNames(patient)
  const used = usedFamilyName(patient)
  const address = currentAddress(patient)
  const birth = text(patient.birthDate)
  return {
    patient_birth_family_name: birth_family_name,
    patient_birth_given_names: birth_given_names,
    patient_used_family_name: used,
    patient_other_names: otherNames(allNames(patient), [birth_family_name, birth_given_names, used]),
    patient_birth_date: birth !== undefined && parseCalendarDate(birth) !== undefined ? birth : null,
    patient_address_line: streetOf(address),
    patient_postcode: text(address?.postalCode) ?? null,
    patient_city: text(address?.city) ?? null,
    patient_phone: telecom(patient, 'phone'),
    patient_email: telecom(patient, 'email'),
  }
}
