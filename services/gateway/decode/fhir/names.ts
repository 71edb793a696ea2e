/** Names, address and telephone of a Patient, and the names of a professional. */
import { type Json, objects, text, texts } from '#core/fhir/json.ts'

const GIVEN_LIST = 'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name'

/** A name that hides one, that is not used any more, or that friends use. */
const NOT_OF_BIRTH = ['anonymous', 'old', 'nickname']

/** Birth name: `maiden` where a married name is official (HL7), else `official` (FR Core), else the first name. */
export function birthNames(patient: Json): { birth_family_name: string | null; birth_given_names: string | null } {
  const names = objects(patient.name).filter((name) => !NOT_OF_BIRTH.includes(text(name.use) ?? ''))
  const maiden = names.find((name) => name.use === 'maiden')
  const official = names.find((name) => name.use === 'official') ?? names[0]
  const listed = text(extension(official, GIVEN_LIST)?.valueString)
  return {
    birth_family_name: text(maiden?.family) ?? text(official?.family) ?? null,
    birth_given_names: listed ?? (texts(official?.given).join(' ') || null),
  }
}

export function usedFamilyName(patient: Json): string | null {
  const names = objects(patient.name)
  const used = names.find((name) => name.use === 'usual')
  const married = names.some((name) => name.use === 'maiden')
    ? names.find((name) => name.use === 'official')
    : undefined
  return text(used?.family) ?? text(married?.family) ?? null
}

/** @returns every name of a Patient or Practitioner, given names first */
export function allNames(of: Json): readonly string[] {
  return objects(of.name).map((name) => [...texts(name.given), text(name.family)].filter(Boolean).join(' '))
}

export function streetOf(address: Json | undefined): string | null {
  return texts(address?.line).join(', ') || null
}

export function currentAddress(patient: Json): Json | undefined {
  const addresses = objects(patient.address).filter((address) => address.use !== 'old')
  return addresses.find((address) => address.use === 'home') ?? addresses[0]
}

export function telecom(patient: Json, system: string): string | null {
  return (
    text(objects(patient.telecom).find((contact) => contact.system === system && contact.use !== 'old')?.value) ?? null
  )
}

export function extension(of: Json | undefined, url: string): Json | undefined {
  return objects(of?.extension).find((candidate) => candidate.url === url)
}
