/** Finds the identifier of a patient, a stay, a record, a professional. */
import { type Json, object, objects, text } from './json.ts'

/** INS: NIR, NIA, and two for tests (ANS, annexe INS; FR Core). */
const INS_SYSTEMS = [
  'urn:oid:1.2.250.1.213.1.4.8',
  'urn:oid:1.2.250.1.213.1.4.9',
  'urn:oid:1.2.250.1.213.1.4.10',
  'urn:oid:1.2.250.1.213.1.4.11',
]
/** An INS of type NIR is a NIR; so is an identifier with the system of the national number itself. */
const NIR_SYSTEMS = [
  'urn:oid:1.2.250.1.213.1.4.8',
  'urn:oid:1.2.250.1.213.1.4.10',
  'http://interopsante.org/fhir/NamingSystem/NIR',
  'https://hl7.fr/fhir/NamingSystem/NIR',
]
const RPPS_SYSTEMS = [
  'urn:oid:1.2.250.1.71.4.2.1',
  'https://rpps.esante.gouv.fr',
  'http://interopsante.org/fhir/NamingSystem/RPPS',
]

/** @returns the value of the identifier of type PI (the IPP in FR Core), else MR (medical record number), else the id */
export function patientIpp(patient: Json): string | undefined {
  return typed(patient, 'PI') ?? typed(patient, 'MR') ?? text(patient.id)
}

/** @returns the stay's number: type VN or AN, else any identifier, else the id */
export function encounterNda(encounter: Json): string | undefined {
  return typed(encounter, 'VN') ?? typed(encounter, 'AN') ?? anyIdentifier(encounter) ?? text(encounter.id)
}

/**
 * The resource's id: it belongs to the producer and names only this resource. A business identifier may be on several (all results of
 * an order carry its number), so it is used only where there is no id, and with its system.
 */
export function recordId(resource: Json): string | undefined {
  const id = text(resource.id)
  if (id !== undefined) return id
  const identifier = identifiers(resource)[0]
  const value = identifier && text(identifier.value)
  return value === undefined ? undefined : `${text(identifier?.system) ?? ''}|${value}`
}

export function insOf(patient: Json): string | null {
  return bySystem(patient, INS_SYSTEMS)
}

export function nirOf(patient: Json): string | null {
  return compact(
    identifiers(patient).find((identifier) => isCurrent(identifier) && isNir(text(identifier.system) ?? '')),
  )
}

/** @returns whether an identifier is the national number: an INS or a NIR */
export function isNational(identifier: Json | undefined): boolean {
  const system = text(identifier?.system) ?? ''
  const typed = objects(object(identifier?.type)?.coding).some(({ code }) => (text(code) ?? '').startsWith('INS-'))
  return typed || INS_SYSTEMS.includes(system) || isNir(system)
}

function isNir(system: string): boolean {
  return NIR_SYSTEMS.includes(system) || system.endsWith('/NIR')
}

function isCurrent(identifier: Json): boolean {
  return identifier.use !== 'old'
}

export function rppsOf(practitioner: Json | undefined): string | null {
  return practitioner ? bySystem(practitioner, RPPS_SYSTEMS) : null
}

function typed(resource: Json, type: string): string | undefined {
  const found = identifiers(resource).find(
    (identifier) =>
      isCurrent(identifier) && objects(object(identifier.type)?.coding).some((coding) => coding.code === type),
  )
  return text(found?.value)
}

function anyIdentifier(resource: Json): string | undefined {
  const all = identifiers(resource)
  return text((all.find((identifier) => identifier.use === 'official') ?? all[0])?.value)
}

function bySystem(resource: Json, systems: readonly string[]): string | null {
  const found = identifiers(resource).find((one) => isCurrent(one) && systems.includes(text(one.system) ?? ''))
  return compact(found)
}

/** Most resources have a list of identifiers; a few have one. */
function identifiers(resource: Json): readonly Json[] {
  const single = object(resource.identifier)
  return (single ? [single] : objects(resource.identifier)).filter((identifier) => text(identifier.value) !== undefined)
}

function compact(identifier: Json | undefined): string | null {
  return text(identifier?.value)?.replaceAll(/\s/g, '') ?? null
}
