/** The smallest valid body of each route that stores records, made from the contracts and the documented media types. */
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { FHIR_LINES_TYPES, FHIR_TYPES, HL7_TYPES, RECORD_TYPES } from '../../../../services/gateway/http/media-types.ts'
import { dicomFile, type Elements } from '../../../helpers/dicom-file.ts'
import { rum, vidHosp } from '../../../helpers/pmsi-lines.ts'
import { type Feed, recordOf } from '../../../helpers/records.ts'
import { avroFile } from '../avro-file.ts'
import type { StoreRoute } from './provoke.ts'

export function recordsRoute(contract: FeedContract): StoreRoute {
  const record = JSON.stringify(smallest(contract, 'json'))
  const bodies = {
    json: record,
    ndjson: `${record}\n`,
    avro: avroFile([smallest(contract, 'avro')], smallestSchema(contract)),
  }
  return {
    path: `/v1/feeds/${contract.feed}/records`,
    valid: Object.entries(RECORD_TYPES).map(([type, format]) => [type, bodies[format]]),
    rejected: '{"unknown":1}',
    tooMany: '[{},{},{},{}]',
    empty: '[]',
    avro: true,
  }
}

export function fhirRoute(): StoreRoute {
  const bundle = (...resources: readonly object[]) =>
    JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: resources.map((resource) => ({ resource })) })
  const claim = { resourceType: 'Claim', id: 'c' }
  const valid = bundle({ resourceType: 'Patient', id: 'p' })
  return {
    path: '/fhir/R4',
    valid: [
      ...FHIR_TYPES.map((type) => [type, valid] as const),
      ...FHIR_LINES_TYPES.map((type) => [type, '{"resourceType":"Patient","id":"p"}\n'] as const),
    ],
    rejected: bundle(claim),
    tooMany: bundle(claim, claim, claim, claim),
    empty: bundle(),
    avro: false,
  }
}

/** One resource; an Observation has a record for each component. */
export function fhirResourceRoute(method: 'POST' | 'PUT' | 'DELETE'): StoreRoute {
  const observation = {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    effectiveDateTime: '2025-01-01T10:00:00Z',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  }
  const about = { ...observation, subject: { identifier: { value: '8000123' } } }
  const component = [1, 2, 3, 4].map((value) => ({ code: observation.code, valueQuantity: { value } }))
  const valid = JSON.stringify({ ...about, valueQuantity: { value: 1 } })
  return {
    path: `/fhir/R4/Observation${method === 'POST' ? '' : '/o'}`,
    template: `/fhir/R4/{type}${method === 'POST' ? '' : '/{id}'}`,
    ...(method === 'POST' ? {} : { method }),
    valid: FHIR_TYPES.map((type) => [type, valid]),
    rejected: JSON.stringify(observation),
    tooMany: JSON.stringify({ ...about, component }),
    empty: '[]',
    avro: false,
  }
}

/** A batch without a control id, so that the same body is not the same request. */
export function hl7Route(): StoreRoute {
  const message = (type: string) => `MSH|^~\\&|A|B|||20250201101112||${type}|1|P|2.5\rPID|1||X|`
  const valid = `BHS|^~\\&\r${message('ADT^A31')}`
  return {
    path: '/v1/hl7',
    valid: HL7_TYPES.map((type) => [type, valid]),
    rejected: `BHS|^~\\&\r${message('SIU^S12')}`,
    tooMany: Array.from({ length: 4 }, () => message('SIU^S12')).join('\r'),
    empty: 'BHS|^~\\&',
    avro: false,
  }
}

/** Of ASCII alone, as the bodies of the other routes; what comes after the last tag is not read. */
function file(more: Elements = {}): string {
  const elements: Elements = {
    '(0008,0018)': ['UI', '1.2.3'],
    '(0008,0020)': ['DA', '20250201'],
    '(0010,0020)': ['LO', 'X'],
    '(0020,000D)': ['UI', '1.2.1'],
    '(0020,000E)': ['UI', '1.2.2'],
    '(7F00,7F00)': ['OB', ''],
    ...more,
  }
  return dicomFile(elements).toString('latin1')
}

const NO_PATIENT: Elements = { '(0010,0020)': ['LO', ''] }

export function dicomRoute(): StoreRoute {
  const rejected = file(NO_PATIENT)
  // One file is one record.
  return {
    path: '/v1/dicom',
    valid: [['application/dicom', file()]],
    rejected,
    tooMany: rejected,
    empty: '',
    avro: false,
  }
}

/** A line of VID-HOSP and a RUM are three records: the patient, the stay, and its principal diagnosis. */
export function pmsiRoute(): StoreRoute {
  return {
    path: '/v1/pmsi',
    valid: [['text/plain', `${vidHosp()}\n${rum()}\n`]],
    rejected: rum(),
    tooMany: Array.from({ length: 4 }, (_, at) => rum({ 68: String(at) })).join('\n'),
    empty: '',
    avro: false,
  }
}

export function storeRoute(path: string): StoreRoute & { readonly mixed: string } {
  const parts = (...files: readonly string[]) =>
    [...files.map((one) => `--x\r\nContent-Type: application/dicom\r\n\r\n${one}\r\n`), '--x--'].join('')
  const bad = file(NO_PATIENT)
  return {
    path: path.replace('{study}', '1.2.1'),
    template: path,
    valid: [['multipart/related; type="application/dicom"; boundary=x', parts(file())]],
    rejected: parts(bad),
    mixed: parts(file(), bad),
    tooMany: parts(bad, bad, bad, bad),
    empty: parts(),
    avro: false,
  }
}

/** @returns a record of only the required fields; in Avro a date is a day and a timestamp a number of milliseconds */
function smallest(contract: FeedContract, form: 'json' | 'avro'): Record<string, unknown> {
  return Object.fromEntries(required(contract).map((field) => [field.name, valueOf(contract, field, form)]))
}

/** The schema of a producer that sends only the required fields. */
function smallestSchema(contract: FeedContract): object {
  return {
    type: 'record',
    name: 'Smallest',
    fields: required(contract).map(({ name, avroType }) => ({ name, type: avroType })),
  }
}

function required({ fields }: FeedContract): readonly FieldContract[] {
  return fields.filter((field) => !field.nullable && field.default === undefined)
}

function valueOf({ feed }: FeedContract, field: FieldContract, form: 'json' | 'avro'): unknown {
  switch (field.kind) {
    case 'string':
      // A code has the form that a rule of its contract may demand.
      return recordOf(feed as Feed, 'x', 'x')[field.name] ?? 'x'
    case 'enum':
      return field.symbols[0]
    case 'boolean':
      return true
    case 'integer':
    case 'long':
    case 'double':
      return 1
    case 'date':
      return form === 'json' ? '2024-05-06' : 19_849
    case 'timestamp':
      return form === 'json' ? '2024-05-06T07:08:09Z' : 1_714_979_289_000
  }
}
