/** Generated inputs of each format: one part of a batch is hostile, the others are valid and must still be taken. */
import { dicomFile, SYNTAX, slice } from '../helpers/dicom-file.ts'
import { rum, vidHosp } from '../helpers/pmsi-lines.ts'
import { avroFile } from '../unit/gateway/avro-file.ts'
import { mutate, mutateValue } from './mutate.ts'
import type { Random } from './random.ts'
import { clinicalEntry, HEADER, message, observation, patientEntry, row } from './samples.ts'

export const FORMATS = [
  'json',
  'ndjson',
  'avro',
  'fhir',
  'fhir-lines',
  'hl7',
  'table',
  'hl7-file',
  'dicom',
  'stow',
  'pmsi',
] as const
export type Format = (typeof FORMATS)[number]

export interface Case {
  readonly format: Format
  readonly body: Buffer
  /** Names of the records that must be taken whatever the rest of the batch is; of HL7 v2, FHIR, DICOM and the PMSI, of their patients. */
  readonly good: readonly string[]
}

const GOOD = ['good-a', 'good-b', 'good-c'] as const
const BETWEEN = 1 + (GOOD.length >> 1)

export function generate(random: Random): Case {
  const format = random.pick(FORMATS)
  switch (format) {
    case 'ndjson': {
      const bad = mutate(random, Buffer.from(JSON.stringify(mutateValue(random, observation('bad')))))
      return batch(
        format,
        GOOD.map((id) => JSON.stringify(observation(id))),
        bad,
        '\n',
      )
    }
    case 'json':
      return json(random)
    case 'avro':
      return { format, body: mutate(random, avroCase(random)), good: [] }
    case 'fhir':
      return fhir(random)
    case 'fhir-lines': {
      const bad = mutateValue(random, clinicalEntry(random.below(6), random.pick([GOOD[0], 'bad']), 'bad').resource)
      return batch(
        format,
        GOOD.map((ipp) => JSON.stringify(patientEntry(ipp).resource)),
        mutate(random, Buffer.from(JSON.stringify(bad))),
        '\n',
      )
    }
    // A body, and a part of it that goes to no other message, begins with MSH.
    case 'hl7':
    case 'hl7-file':
      return batch(
        format,
        GOOD.map((id) => message(random.below(4), id)),
        mutate(random, Buffer.from(message(random.below(4), 'bad')), 3),
        '\r',
      )
    case 'dicom':
      return random.below(4) === 0
        ? { format, body: file(random, GOOD[0]), good: GOOD.slice(0, 1) }
        : { format, body: mutate(random, file(random, 'bad'), random.below(2) * 132), good: [] }
    case 'stow': {
      const files = [
        file(random, GOOD[0]),
        mutate(random, file(random, 'bad'), random.below(2) * 132),
        file(random, GOOD[1]),
      ]
      const head = Buffer.from(`\r\n--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`)
      const body = Buffer.concat([...files.flatMap((one) => [head, one]), Buffer.from(`\r\n--${BOUNDARY}--`)])
      return random.below(3) > 0
        ? { format, body, good: GOOD.slice(0, 2) }
        : { format, body: mutate(random, body), good: [] }
    }
    case 'pmsi': {
      const bad = mutate(random, Buffer.from(stay(random, 'bad'), 'latin1'))
      return batch(
        format,
        GOOD.map((id) => stay(random, id)),
        bad,
        random.pick(['\n', '\r\n']),
      )
    }
    case 'table': {
      const made = batch(format, GOOD.map(row), mutate(random, Buffer.from(row('bad'))), random.pick(['\n', '\r\n']))
      return { ...made, body: Buffer.concat([Buffer.from(`${HEADER}\n`), made.body]) }
    }
  }
}

/** @returns a line of VID-HOSP and a RUM of a stay of the patient */
function stay(random: Random, ipp: string): string {
  const nda = { 29: ipp.padEnd(20), 354: ipp.padEnd(20) }
  const zones = {
    associated: Array.from({ length: random.below(4) }, () => 'E119'),
    acts: Array.from({ length: random.below(3) }, () => ({ code: 'DDQH009' })),
  }
  return `${vidHosp(nda, 1 + random.below(3))}\n${rum({ 48: ipp.padEnd(20) }, zones)}`
}

/** Of the parts of a store transaction. */
export const BOUNDARY = 'fuzz'

/** @returns a DICOM file of the patient, with sequences, in any of its encodings */
function file(random: Random, ipp: string): Buffer {
  const elements = slice({
    '(0010,0020)': ['LO', ipp],
    '(0008,1140)': ['SQ', [{ '(0008,1150)': ['UI', '1.2.3'] }, {}]],
    '(0010,1002)': ['SQ', [{ '(0010,0020)': ['LO', ipp] }]],
  })
  const options = { syntax: random.pick(Object.values(SYNTAX)), undefinedLengths: random.below(2) === 0 }
  return dicomFile(elements, options)
}

function batch(format: Format, good: readonly string[], bad: Buffer, end: string): Case {
  const parts = good.map((text) => Buffer.from(text))
  const lines = [...parts.slice(0, BETWEEN), bad, ...parts.slice(BETWEEN)].flatMap((part) => [part, Buffer.from(end)])
  return { format, body: Buffer.concat(lines), good: GOOD }
}

/** The elements of an array are one document: when it can be read, each is a record by itself. */
function json(random: Random): Case {
  const elements = [observation(GOOD[0]), mutateValue(random, observation('bad')), observation(GOOD[1])]
  const body = Buffer.from(JSON.stringify(elements))
  return random.below(2) === 0
    ? { format: 'json', body, good: GOOD.slice(0, 2) }
    : { format: 'json', body: mutate(random, body), good: [] }
}

function fhir(random: Random): Case {
  const [ipp] = GOOD
  const bad = mutateValue(
    random,
    random.below(3) === 0 ? patientEntry('bad') : clinicalEntry(random.below(6), random.pick([ipp, 'bad']), 'bad'),
  )
  const entry = [patientEntry(ipp), bad, clinicalEntry(random.below(6), ipp, 'x')]
  const body = Buffer.from(
    JSON.stringify({ resourceType: 'Bundle', type: random.pick(['transaction', 'batch', 'collection']), entry }),
  )
  return random.below(2) === 0
    ? { format: 'fhir', body, good: [ipp] }
    : { format: 'fhir', body: mutate(random, body), good: [] }
}

const SCHEMA = {
  type: 'record',
  name: 'Sent',
  fields: [
    ...['record_id', 'patient_ipp', 'code_system', 'code'].map((name) => ({ name, type: 'string' })),
    { name: 'effective_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'value_number', type: ['null', 'double'] },
  ],
}

function avroCase(random: Random): Buffer {
  const codec = random.pick(['null', 'deflate'] as const)
  const records = GOOD.map((id) => ({
    record_id: id,
    patient_ipp: '1',
    code_system: 'loinc',
    code: '718-7',
    effective_at: 1_714_979_289_000,
    value_number: 13.5,
  }))
  return avroFile(records, SCHEMA, codec)
}
