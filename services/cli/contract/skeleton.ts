/** The contract that `chainon feeds new` begins with: the fields that every feed has, and those that are proposed. */

import type { ContractDraft, FieldDraft } from '#core/contract/draft.ts'
import { inOneLine } from '#core/contract/reference/page.ts'

const TIME = { type: 'long', logicalType: 'timestamp-millis' } as const

export const RECORD_ID: FieldDraft = {
  name: 'record_id',
  type: 'string',
  maxLength: 128,
  doc: "The producer's own identifier of this record, stable over its versions",
  privacy: { class: 'direct', action: 'pseudonymise', domain: 'record' },
}
export const PATIENT: FieldDraft = {
  name: 'patient_ipp',
  type: 'string',
  maxLength: 64,
  doc: "Patient identifier at the producer (IPP, or a register's own number)",
  privacy: { class: 'direct', action: 'pseudonymise', domain: 'patient', as: 'patient_id' },
}
export const OCCURRED_AT: FieldDraft = {
  name: 'occurred_at',
  type: TIME,
  doc: 'When it happened to the patient',
  privacy: { class: 'date', action: 'keep' },
  rules: [
    { id: 'occurred-after-1900', check: 'temporal', notBefore: '1900-01-01', severity: 'reject' },
    { id: 'not-in-future', check: 'temporal', notAfter: 'received', severity: 'reject' },
  ],
}
const VERSION: FieldDraft = {
  name: 'record_version',
  type: 'long',
  default: 0,
  doc: 'The highest version is the current one, in any order of arrival',
  privacy: { class: 'none', action: 'keep' },
  rules: [{ id: 'version-not-negative', check: 'range', min: 0, severity: 'reject' }],
}
const OPERATION: FieldDraft = {
  name: 'operation',
  default: 'upsert',
  type: { type: 'enum', name: 'Operation', symbols: ['upsert', 'cancel'], default: 'upsert' },
  doc: 'cancel: readers no longer see the record; the other fields repeat its last version',
  privacy: { class: 'none', action: 'keep' },
}

export interface Roles {
  /** The field that names the patient, and the time of the record, among the proposed ones; else one of their own is added. */
  readonly subject?: string
  readonly eventTime?: string
}

/** @param proposed fields beside those that every feed has @param more keys of the contract */
export function skeleton(
  feed: string,
  doc: string,
  proposed: readonly FieldDraft[] = [],
  roles: Roles = {},
  more: Partial<ContractDraft> = {},
): ContractDraft {
  const { subject, eventTime } = roles
  return {
    $schema: '../feed-contract.schema.json',
    type: 'record',
    name: recordName(feed),
    namespace: 'org.chainon.feed',
    doc,
    key: ['record_id'],
    version: VERSION.name,
    subject: subject ?? PATIENT.name,
    event_time: eventTime ?? OCCURRED_AT.name,
    ...more,
    fields: [
      ...[RECORD_ID, VERSION, OPERATION],
      ...(subject === undefined ? [PATIENT] : []),
      ...(eventTime === undefined ? [OCCURRED_AT] : []),
      ...proposed,
    ],
  }
}

/** @returns the contract as the shipped ones are written: a key, or a field, in a line */
export function contractText(contract: ContractDraft): string {
  const { fields, ...keys } = contract
  const lines = Object.entries(keys).map(([key, value]) => `  ${JSON.stringify(key)}: ${inOneLine(value)},`)
  return `{\n${lines.join('\n')}\n  "fields": [\n${fields.map((field) => `    ${inOneLine(field)}`).join(',\n')}\n  ]\n}\n`
}

function recordName(feed: string): string {
  return feed
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
