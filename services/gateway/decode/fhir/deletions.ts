/** `DELETE` without a resource: the address names the record, where a resource of its type has one under its own id. */

import { text } from '#core/fhir/json.ts'
import type { Bundle } from './bundle.ts'
import type { FeedRecord } from './common.ts'

/** What a contract requires and nobody reads in a cancelled record: it says nothing of the patient. */
const NO_PATIENT = '-'
const NO_CODE = { code_system: 'other', code: '0' }

/**
 * A Patient is recorded under an identifier, and an Observation has a record for each component: neither follows from the address.
 */
const DELETABLE: Readonly<Record<string, (at: string) => FeedRecord>> = {
  Encounter: (at) => ({ feed: 'encounter', record: { kind: 'other', started_at: at } }),
  Condition: (at) => ({ feed: 'diagnosis', record: { ...NO_CODE, kind: 'other', recorded_at: at } }),
  Procedure: (at) => ({ feed: 'procedure', record: { ...NO_CODE, performed_at: at } }),
  MedicationRequest: (at) => ({ feed: 'medication', record: { ...NO_CODE, kind: 'other', started_at: at } }),
  MedicationAdministration: (at) => ({ feed: 'medication', record: { ...NO_CODE, kind: 'other', started_at: at } }),
  DocumentReference: (at) => ({ feed: 'document', record: { kind_system: 'other', kind: '0', authored_at: at } }),
}

/** `Condition/c1`, or an absolute address that ends so; a search names no record. */
const ADDRESS = /^(?:.*\/)?([A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/?]*)?$/

/**
 * @param url of the entry's request
 * @returns the cancellation of the record that it names; undefined when it names none, or not all records of the resource
 */
export function deletionOf(url: unknown, bundle: Bundle): FeedRecord | undefined {
  const [, type, id] = ADDRESS.exec(text(url) ?? '') ?? []
  if (type === undefined || id === undefined || !Object.hasOwn(DELETABLE, type)) return undefined
  const made = DELETABLE[type]?.(new Date(bundle.receivedAt).toISOString())
  if (!made) return undefined
  const head = {
    record_id: made.feed === 'medication' ? `${type}/${id}` : id,
    record_version: bundle.receivedAt,
    operation: 'cancel',
    patient_ipp: NO_PATIENT,
  }
  return { feed: made.feed, record: { ...made.record, ...head } }
}
