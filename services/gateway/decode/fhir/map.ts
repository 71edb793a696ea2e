/** The mapper of each resource type. A resource of another type is rejected by index, and the other resources are still read. */
import type { Bundle } from './bundle.ts'
import type { Mapped, ResourceMapper } from './common.ts'
import { mapCondition } from './condition.ts'
import { mapDocumentReference } from './document-reference.ts'
import { mapEncounter } from './encounter.ts'
import { type Json, text } from './json.ts'
import { mapMedicationAdministration } from './medication-administration.ts'
import { mapMedicationRequest } from './medication-request.ts'
import { mapObservation } from './observation.ts'
import { mapPatient } from './patient.ts'
import { mapProcedure } from './procedure.ts'

const MAPPERS: ReadonlyMap<string, ResourceMapper> = new Map([
  ['Patient', mapPatient],
  ['Encounter', mapEncounter],
  ['Condition', mapCondition],
  ['Procedure', mapProcedure],
  ['Observation', mapObservation],
  ['MedicationRequest', mapMedicationRequest],
  ['MedicationAdministration', mapMedicationAdministration],
  ['DocumentReference', mapDocumentReference],
])

export const MAPPED_RESOURCES: readonly string[] = [...MAPPERS.keys()]

/** @returns the resource's records, or the fault if it has none */
export function mapResource(resource: Json | undefined, bundle: Bundle): Mapped {
  if (!resource) return { ok: false, pointer: '/resource', fault: 'required' }
  const mapper = MAPPERS.get(text(resource.resourceType) ?? '')
  return mapper
    ? mapper(resource, bundle)
    : { ok: false, pointer: '/resource/resourceType', fault: 'unmapped-resource' }
}
