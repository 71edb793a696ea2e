/** The same laboratory results in every format that the gateway takes. Each number gives another record. */
import { once } from 'node:events'
import avsc from 'avsc'
import { MEDIA } from '#core/gateway-api/media-types.ts'

export interface Format {
  readonly name: string
  readonly path: string
  readonly mediaType: string
  /** Content-Encoding of the body. */
  readonly encoding?: string
  /** @param from number of the first record */
  readonly body: (from: number, records: number) => Promise<Buffer>
}

const START = Date.parse('2025-01-01T00:00:00Z')
const PATIENTS = 2000
const at = (i: number) => new Date(START + (i % 500_000) * 60_000).toISOString().replace('.000Z', 'Z')
const value = (i: number) => 50 + (i % 1000) / 10
const each = <T>(from: number, records: number, make: (i: number) => T) =>
  Array.from({ length: records }, (_, i) => make(from + i))

function observation(i: number) {
  return {
    record_id: `lab-${i}`,
    patient_ipp: String(10_000_000 + (i % PATIENTS)),
    code: '2160-0',
    code_system: 'loinc',
    effective_at: at(i),
    value_number: value(i),
    value_unit: 'umol/L',
  }
}

function fhirObservation(i: number) {
  return {
    fullUrl: `urn:uuid:00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    resource: {
      resourceType: 'Observation',
      id: `lab-${i}`,
      status: 'final',
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] },
      ],
      code: { coding: [{ system: 'http://loinc.org', code: '2160-0' }] },
      subject: { identifier: { type: { coding: [{ code: 'PI' }] }, value: String(10_000_000 + (i % PATIENTS)) } },
      effectiveDateTime: at(i),
      valueQuantity: { value: value(i), unit: 'umol/L', system: 'http://unitsofmeasure.org', code: 'umol/L' },
    },
    request: { method: 'PUT', url: `Observation/lab-${i}` },
  }
}

/** One message of an analyser: a request with `records` results. */
export function resultMessage(from: number, records: number): string {
  const segments = each(from, records, (i) => `OBX|${i - from + 1}|NM|2160-0^Creat^LN|${i}|${value(i)}|umol/L|||||F`)
  return [
    `MSH|^~\\&|LIS|CHU-X|CHAINON|EDS|20250201101112||ORU^R01^ORU_R01|M${from}|P|2.5||||||UNICODE UTF-8`,
    `PID|1||${10_000_000 + (from % PATIENTS)}^^^CHU-X&1.2.3.4&ISO^PI||DURAND^ANNE||19790315|F`,
    `OBR|1|PL${from}^LABO|FI${from}^LABO|58410-2^NFS^LN|||20250201080000`,
    ...segments,
  ].join('\r')
}

/** As a producer writes it who has only these fields. */
const ROW = avsc.Type.forSchema({
  type: 'record',
  name: 'Result',
  fields: [
    { name: 'record_id', type: 'string' },
    { name: 'patient_ipp', type: 'string' },
    { name: 'code', type: 'string' },
    {
      name: 'code_system',
      type: { type: 'enum', name: 'ObservationSystem', symbols: ['loinc', 'nabm', 'snomed', 'other'] },
    },
    { name: 'effective_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'value_number', type: ['null', 'double'] },
    { name: 'value_unit', type: ['null', 'string'] },
  ],
})

const RECORDS = '/v1/feeds/observation/records'

export const FORMATS: readonly Format[] = [
  {
    name: 'NDJSON',
    path: RECORDS,
    mediaType: MEDIA.ndjson,
    body: async (from, count) => Buffer.from(each(from, count, (i) => `${JSON.stringify(observation(i))}\n`).join('')),
  },
  {
    name: 'JSON array',
    path: RECORDS,
    mediaType: MEDIA.json,
    body: async (from, count) => Buffer.from(JSON.stringify(each(from, count, observation))),
  },
  {
    name: 'Avro container',
    path: RECORDS,
    mediaType: MEDIA.avro,
    body: (from, count) => container(each(from, count, observation)),
  },
  {
    name: 'FHIR Bundle',
    path: '/fhir/R4',
    mediaType: MEDIA.fhir,
    body: async (from, count) =>
      Buffer.from(JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry: each(from, count, fhirObservation) })),
  },
]

async function container(records: readonly ReturnType<typeof observation>[]): Promise<Buffer> {
  const encoder = new avsc.streams.BlockEncoder(ROW, { codec: 'null' })
  const pieces: Buffer[] = []
  encoder.on('data', (piece: Buffer) => pieces.push(piece))
  const ended = once(encoder, 'end')
  for (const record of records) encoder.write({ ...record, effective_at: Date.parse(record.effective_at) })
  encoder.end()
  await ended
  return Buffer.concat(pieces)
}
