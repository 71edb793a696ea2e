/** What the records of every resource have in common: the patient, the version, the operation. */
import { parseTimestamp } from '#core/contract/calendar.ts'
import type { RecordFault } from '#core/faults/codes.ts'
import { isNational, recordId, rppsOf } from '#core/fhir/identifiers.ts'
import { type Json, object, text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import type { Refuse } from './refuse.ts'

/** A server's clock or time zone may be ahead of ours. */
const CLOCK_GRACE_MS = 86_400_000

/** A record of a feed, in the form of the contract's JSON. */
export interface FeedRecord {
  readonly feed: string
  readonly record: Readonly<Record<string, unknown>>
  /** The element of the resource that the record is of, where that is not the resource: `component[0]`. */
  readonly element?: string
}

export type Mapped =
  | { readonly ok: true; readonly records: readonly FeedRecord[] }
  | {
      readonly ok: false
      readonly feed?: string
      readonly pointer: string
      readonly fault: RecordFault
      /** FHIRPath of the element, from the resource; empty for the resource itself. */
      readonly path?: string
      /** What the element may be. */
      readonly allowed?: readonly string[]
    }

/** Turns one resource into records; its only effect is what it refuses. */
export type ResourceMapper = (resource: Json, bundle: Bundle, refuse: Refuse) => Mapped

/**
 * By feed: the elements of the resource that a field is read from, FHIRPath from the resource. Of several each may give the value, or a part of it, and the
 * first is the one that an error names.
 */
export type Paths = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>

export const HEAD_PATHS = {
  record_id: ['id', 'identifier'],
  record_version: 'meta.lastUpdated',
  operation: 'status',
  patient_ipp: 'subject',
}

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
  return ipp === undefined
    ? undefined
    : { ...versionOf(resource, bundle), record_id: recordId(resource), patient_ipp: ipp }
}

/**
 * The version is a time in milliseconds since 1970, for every resource: when it last changed (`meta.lastUpdated`), or when the gateway
 * received it if the server does not say so, or says so with a clock that is more than a day ahead. The two can be compared, so a server
 * that leaves the time out now and then loses no correction. `meta.versionId` does not count: it is a number at one server and a
 * UUID at another, starts again when a server is replaced, and cannot be compared with a time.
 */
export function versionOf(resource: Json, bundle: Bundle): Pick<Head, 'record_version' | 'operation'> {
  const changed = parseTimestamp(text(object(resource.meta)?.lastUpdated) ?? '')
  const usable = changed !== undefined && changed > 0 && changed <= bundle.receivedAt + CLOCK_GRACE_MS
  return { record_version: usable ? changed : bundle.receivedAt, operation: isError(resource) ? 'cancel' : 'upsert' }
}

/** @returns the NDA of the stay that the reference refers to, or null */
export function ndaOf(reference: unknown, from: Json, bundle: Bundle): string | null {
  const encounter = bundle.resolve(reference, from)
  return (encounter ? encounter.nda : identifierOf(reference, 'Encounter')) ?? null
}

/** @returns the RPPS number of the professional that the reference refers to, or null */
export function performerRpps(reference: unknown, from: Json, bundle: Bundle): string | null {
  const resolved = bundle.resolve(reference, from)
  // A PractitionerRole refers to the professional.
  const practitioner = resolved?.practitioner ? bundle.resolve(resolved.practitioner, {}) : resolved
  return practitioner?.rpps ?? rppsOf(object(reference))
}

export function unresolved(feed: string): Mapped {
  return { ok: false, feed, pointer: '/patient_ipp', fault: 'unresolved-reference', path: 'subject' }
}

export function one(feed: string, record: FeedRecord['record']): Mapped {
  return { ok: true, records: [{ feed, record }] }
}

function subjectIpp(reference: unknown, from: Json, bundle: Bundle): string | undefined {
  const patient = bundle.resolve(reference, from)
  return patient ? patient.ipp : identifierOf(reference, 'Patient')
}

const SEARCH = /^([A-Za-z]+)\?identifier=(?:([^|&]*)\|)?([^|&]+)$/

/**
 * A logical reference names its target by identifier; so does a search: `Patient?identifier=system|value`. A national number is no identifier of the
 * hospital, and what is of another type is no patient and no stay.
 */
function identifierOf(reference: unknown, type: 'Patient' | 'Encounter'): string | undefined {
  const of = object(reference)
  const named = text(of?.type)
  if (named !== undefined && named.split('/').at(-1) !== type) return undefined
  const identifier = object(of?.identifier)
  const value = text(identifier?.value)
  if (value !== undefined) return isNational(identifier) ? undefined : value
  try {
    const [, searched, system = '', found] = SEARCH.exec((text(of?.reference) ?? '').replaceAll(/%7c/gi, '|')) ?? []
    const national = isNational({ system: decodeURIComponent(system) })
    return found === undefined || searched !== type || national ? undefined : decodeURIComponent(found)
  } catch {
    return undefined
  }
}

function isError(resource: Json): boolean {
  if (resource.status === 'entered-in-error' || resource.docStatus === 'entered-in-error') return true
  const coding = object(resource.verificationStatus)?.coding
  return Array.isArray(coding) && coding.some((code) => object(code)?.code === 'entered-in-error')
}
