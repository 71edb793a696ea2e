/** What the records of every resource have in common: the patient, the version, the operation. */
import type { RecordFault } from '#core/faults/codes.ts'
import type { Bundle } from './bundle.ts'
import { encounterNda, patientIpp, recordId, rppsOf } from './identifiers.ts'
import { type Json, object, text } from './json.ts'

/** A record of a feed, in the form of the contract's JSON. */
export interface FeedRecord {
  readonly feed: string
  readonly record: Readonly<Record<string, unknown>>
}

export type Mapped =
  | { readonly ok: true; readonly records: readonly FeedRecord[] }
  | { readonly ok: false; readonly feed?: string; readonly pointer: string; readonly fault: RecordFault }

/** Turns one resource into records; pure. */
export type ResourceMapper = (resource: Json, bundle: Bundle) => Mapped

/** The fields that every record has; the contract later rejects a wrong `null` or `undefined`. */
export interface Head {
  readonly record_id: string | undefined
  readonly record_version: number
  readonly operation: 'upsert' | 'cancel'
  readonly patient_ipp: string | undefined
}

/** @returns these fields, or undefined when the subject does not refer to a patient with an identifier */
export function headOf(resource: Json, bundle: Bundle): Head | undefined {
  const ipp = subjectIpp(resource.subject ?? resource.patient, resource, bundle)
  return ipp === undefined ? undefined : { ...versionOf(resource), record_id: recordId(resource), patient_ipp: ipp }
}

/** `meta.versionId` when it is a whole number, else `meta.lastUpdated` in milliseconds, else 0: the highest is in force. */
export function versionOf(resource: Json): Pick<Head, 'record_version' | 'operation'> {
  const meta = object(resource.meta)
  const versionId = text(meta?.versionId)
  const updated = Date.parse(text(meta?.lastUpdated) ?? '')
  const record_version =
    versionId !== undefined && /^\d{1,15}$/.test(versionId)
      ? Number(versionId)
      : Number.isNaN(updated)
        ? 0
        : Math.max(0, updated)
  return { record_version, operation: isError(resource) ? 'cancel' : 'upsert' }
}

/** @returns the NDA of the stay that the reference refers to, or null */
export function ndaOf(reference: unknown, from: Json, bundle: Bundle): string | null {
  const encounter = bundle.resolve(reference, from)
  return (encounter ? encounterNda(encounter) : identifierOf(reference)) ?? null
}

/** @returns the RPPS number of the professional that the reference refers to, or null */
export function performerRpps(reference: unknown, from: Json, bundle: Bundle): string | null {
  const resolved = bundle.resolve(reference, from)
  // A PractitionerRole refers to the professional.
  const practitioner =
    resolved?.resourceType === 'PractitionerRole' ? bundle.resolve(resolved.practitioner, resolved) : resolved
  return rppsOf(practitioner) ?? rppsOf(object(reference))
}

export function unresolved(feed: string): Mapped {
  return { ok: false, feed, pointer: '/patient_ipp', fault: 'unresolved-reference' }
}

export function one(feed: string, record: FeedRecord['record']): Mapped {
  return { ok: true, records: [{ feed, record }] }
}

function subjectIpp(reference: unknown, from: Json, bundle: Bundle): string | undefined {
  const patient = bundle.resolve(reference, from)
  if (patient) return patient.resourceType === 'Patient' ? patientIpp(patient) : undefined
  return identifierOf(reference)
}

/** A logical reference names its target by identifier; so does a search: `Patient?identifier=system|value`. */
function identifierOf(reference: unknown): string | undefined {
  const of = object(reference)
  const value = text(object(of?.identifier)?.value)
  if (value !== undefined) return value
  const search = /^[A-Za-z]+\?identifier=(?:[^|&]*\|)?([^|&]+)$/.exec(text(of?.reference) ?? '')
  try {
    return search?.[1] === undefined ? undefined : decodeURIComponent(search[1])
  } catch {
    return undefined
  }
}

function isError(resource: Json): boolean {
  if (resource.status === 'entered-in-error') return true
  const coding = object(resource.verificationStatus)?.coding
  return Array.isArray(coding) && coding.some((code) => object(code)?.code === 'entered-in-error')
}
