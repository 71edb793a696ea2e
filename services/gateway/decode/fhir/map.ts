/** The mapper of each resource type. A resource of another type is rejected by index, and the other resources are still read. */

import { type Json, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import type { FeedRecord, Mapped, Paths, ResourceMapper } from './common.ts'
import { CONDITION_PATHS, mapCondition } from './condition.ts'
import { DOCUMENT_REFERENCE_PATHS, mapDocumentReference } from './document-reference.ts'
import { ENCOUNTER_PATHS, mapEncounter } from './encounter.ts'
import { MEDICATION_ADMINISTRATION_PATHS, mapMedicationAdministration } from './medication-administration.ts'
import { MEDICATION_REQUEST_PATHS, mapMedicationRequest } from './medication-request.ts'
import { mapObservation, OBSERVATION_PATHS } from './observation.ts'
import { mapPatient, PATIENT_PATHS } from './patient.ts'
import { mapProcedure, PROCEDURE_PATHS } from './procedure.ts'
import { type Refuse, refuseModifiers } from './refuse.ts'

interface Mapping {
  readonly map: ResourceMapper
  readonly paths: Paths
}

const MAPPINGS: ReadonlyMap<string, Mapping> = new Map([
  ['Patient', { map: mapPatient, paths: PATIENT_PATHS }],
  ['Encounter', { map: mapEncounter, paths: ENCOUNTER_PATHS }],
  ['Condition', { map: mapCondition, paths: CONDITION_PATHS }],
  ['Procedure', { map: mapProcedure, paths: PROCEDURE_PATHS }],
  ['Observation', { map: mapObservation, paths: OBSERVATION_PATHS }],
  ['MedicationRequest', { map: mapMedicationRequest, paths: MEDICATION_REQUEST_PATHS }],
  ['MedicationAdministration', { map: mapMedicationAdministration, paths: MEDICATION_ADMINISTRATION_PATHS }],
  ['DocumentReference', { map: mapDocumentReference, paths: DOCUMENT_REFERENCE_PATHS }],
])

/** By type of resource: the elements that the fields of its records are read from. */
export const PATHS_OF_TYPE: ReadonlyMap<string, Paths> = new Map(
  [...MAPPINGS].map(([type, { paths }]) => [type, paths]),
)
export const MAPPED_RESOURCES: readonly string[] = [...MAPPINGS.keys()]

/** Elements that a component has, too. */
const OF_COMPONENT = /^(?:code|value|dataAbsentReason|referenceRange)\b/

/** @returns FHIRPath, from the resource, of the elements that a field of a record is read from; none when it is not read from the resource */
export function elementsOf(
  resourceType: unknown,
  { element, feed }: Pick<FeedRecord, 'element' | 'feed'>,
  field: string,
): readonly string[] {
  const paths = [MAPPINGS.get(text(resourceType) ?? '')?.paths[feed]?.[field] ?? []].flat()
  return paths.map((path) => (element !== undefined && OF_COMPONENT.test(path) ? `${element}.${path}` : path))
}

/**
 * @param deleted true to cancel the resource's records
 * @returns the resource's records, or the fault if it has none. What is cancelled is not refused: the record would stay in force
 */
export function mapResource(resource: Json | undefined, bundle: Bundle, deleted = false): Mapped {
  if (!resource) return { ok: false, pointer: '/resource', fault: 'required', path: '' }
  const mapping = MAPPINGS.get(text(resource.resourceType) ?? '')
  if (!mapping)
    return {
      ok: false,
      pointer: '/resource/resourceType',
      fault: 'unmapped-resource',
      path: '',
      allowed: MAPPED_RESOURCES,
    }
  let refusal: Pick<Mapped & { ok: false }, 'path' | 'fault' | 'allowed'> | undefined
  const refuse: Refuse = (path, fault, allowed) => {
    refusal ??= { path, fault, ...(allowed ? { allowed } : {}) }
  }
  refuseModifiers(resource, refuse)
  const mapped = mapping.map(resource, bundle, refuse)
  if (!mapped.ok) return mapped
  const records = deleted ? mapped.records.map((one) => cancelled(one, bundle)) : mapped.records
  if (!refusal || records.every(({ record }) => record.operation === 'cancel')) return { ok: true, records }
  const [feed] = records.map((one) => one.feed)
  return { ok: false, ...(feed === undefined ? {} : { feed }), pointer: pointerTo(refusal.path ?? ''), ...refusal }
}

/** A deletion is later than the version that it deletes, whatever the clock of its server. */
function cancelled(of: FeedRecord, bundle: Bundle): FeedRecord {
  const record_version = Math.max(bundle.receivedAt, Number(of.record.record_version))
  return { ...of, record: { ...of.record, record_version, operation: 'cancel' } }
}

function pointerTo(path: string): string {
  return `/resource/${path.replaceAll(/\[(\d+)\]/g, '.$1').replaceAll('.', '/')}`
}
