/** HAPI as the sender: what it encodes by its own model comes out as the exact records, and it understands what it is answered. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Hapi, startHapi, type Values } from '../../../helpers/hapi/hapi.ts'
import { harness } from '../harness.ts'

let gateway: Awaited<ReturnType<typeof harness>>
let started: Hapi | string

beforeAll(async () => {
  gateway = await harness({}, (apiKey) => [
    {
      name: 'hapi',
      host: '127.0.0.1',
      port: 0,
      apiKey,
      senders: [{ application: 'GAM', facility: 'CHU' }],
      tls: undefined,
    },
  ])
  await gateway.app.ready()
  started = await startHapi(gateway.state.listeners()[0]?.port ?? 0)
})

afterAll(async () => {
  if (typeof started === 'object') await started.stop()
  await gateway.close()
})

/** The tests are skipped where this machine has no HAPI, with the reason. */
beforeEach(({ skip }) => {
  if (typeof started === 'string') skip(started)
  gateway.written.length = 0
})

function hapi(): Hapi {
  if (typeof started === 'string') throw new Error(started)
  return started
}

function dayOf(text: string): number {
  return Date.parse(text) / 86_400_000
}

let sent = 0

function message(structure: string, type: string, charset: string, ...values: Values): Values {
  const [code = '', event = ''] = type.split('^')
  return [
    ['STRUCTURE', structure],
    ['/MSH-1', '|'],
    ['/MSH-2', '^~\\&'],
    ['/MSH-3', 'GAM'],
    ['/MSH-4', 'CHU'],
    ['/MSH-7', '20250201101112'],
    ['/MSH-9-1', code],
    ['/MSH-9-2', event],
    ['/MSH-10', `H${++sent}`],
    ['/MSH-11', 'P'],
    ['/MSH-12', '2.5'],
    ['/MSH-18', charset],
    ...values,
  ]
}

/** @returns the records that were stored since the last call, without what the gateway adds */
async function records() {
  const all = await gateway.decoded()
  gateway.written.length = 0
  return all.map(({ topic, record }) => [
    topic.replace('u.identified.', ''),
    Object.fromEntries(Object.entries(record).filter(([name, value]) => !name.startsWith('_') && value !== null)),
  ])
}

const PATIENT: Values = [
  ['/.PID-3(0)-1', '8000123'],
  ['/.PID-3(0)-5', 'PI'],
]
const STAY: Values = [
  ['/.PID-18-1', 'NDA77'],
  ['/.PV1-2', 'I'],
  ['/.PV1-3-1', '3110'],
  ['/.PV1-44', '20250131093000'],
]
const EVENT: Values = [
  ['/EVN-2', '20250201101000'],
  ['/EVN-6', '20250131093000'],
]

/**
 * Letters of the names: of every set, and those that only the later ones have. A space follows the escape character: HAPI takes two of them with letters
 * between for a sequence that is written already.
 */
const LATIN1 = [...Array.from("ABCXYZabcxyz éèêëàâçïîôùûÀÉÈÇ'-.0159|^&~#"), '\\ ']
const LATIN9 = [...LATIN1, ...Array.from('œŒ€Ÿšž')]
const ALPHABETS: Readonly<Record<string, readonly string[]>> = {
  ASCII: LATIN1.filter((letter) => letter < '\u0080'),
  '8859/1': LATIN1,
  '8859/15': LATIN9,
  'UNICODE UTF-8': [...LATIN9, ...Array.from('ŁśĐ王😀’')],
}

/** @returns texts without spaces at their ends, and that are no HL7 null */
function textOf(charset: string) {
  return fc
    .array(fc.constantFrom(...(ALPHABETS[charset] ?? [])), { minLength: 1, maxLength: 20 })
    .map((letters) => `a${letters.join('')}b`)
}

test.each(Object.keys(ALPHABETS))('names and separators in %s come out as they went in', async (charset) => {
  const client = hapi()
  const text = textOf(charset)
  const one = fc.record({ birth: text, used: text, given: text, second: text, street: text, city: text, mail: text })
  const people = fc.sample(one, { numRuns: 15, seed: 5 })
  const expected: unknown[] = []
  for (const [i, { birth, used, given, second, street, city, mail }] of people.entries()) {
    const values: Values = [
      ['/PID-3(0)-1', String(i)],
      ['/PID-3(0)-5', 'PI'],
      ['/PID-3(1)-1', '279035121518989'],
      ['/PID-3(1)-4-1', 'ASIP-SANTE-INS-NIR'],
      ['/PID-3(1)-4-2', '1.2.250.1.213.1.4.10'],
      ['/PID-3(1)-4-3', 'ISO'],
      ['/PID-3(1)-5', 'INS'],
      ['/PID-5(0)-1-1', birth],
      ['/PID-5(0)-2', given],
      ['/PID-5(0)-3', `${given} ${second}`],
      ['/PID-5(0)-7', 'L'],
      ['/PID-5(1)-1-1', used],
      ['/PID-5(1)-2', given],
      ['/PID-5(1)-7', 'D'],
      ['/PID-7', '19790315'],
      ['/PID-8', 'F'],
      ['/PID-11(0)-1-1', street],
      ['/PID-11(0)-3', city],
      ['/PID-11(0)-7', 'H'],
      ['/PID-11(1)-7', 'BDL'],
      ['/PID-11(1)-9', '51215'],
      ['/PID-13(0)-4', mail],
      ['/PID-32', 'VALI'],
    ]
    expect(await client.send(1, message('ADT_A05', 'ADT^A28', charset, ...EVENT, ...values))).toEqual([`AA H${sent}`])
    expected.push([
      'patient',
      {
        ...HEAD,
        record_id: String(i),
        patient_ipp: String(i),
        ins: '279035121518989',
        nir: '279035121518989',
        identity_status: 'VALI',
        birth_family_name: birth,
        birth_given_names: `${given} ${second}`,
        birth_date: dayOf('1979-03-15'),
        sex: 'female',
        birth_place_insee: '51215',
        used_family_name: used,
        address_line: street,
        city,
        email: mail,
        updated_at: Date.parse('2025-02-01T09:10:00Z'),
      },
    ])
  }
  expect(await records()).toEqual(expected)
})

const OBR: Values = [
  ['/.OBR-3-1', 'F1'],
  ['/.OBR-4-1', '58410-2'],
  ['/.OBR-7', '202502010800'],
]
const HEAD = { record_version: 1738401072000, operation: 'upsert', patient_ipp: '8000123' }

function obx(at: number, type: string, values: Readonly<Record<string, string>>): Values {
  const path = `/PATIENT_RESULT/ORDER_OBSERVATION/OBSERVATION(${at})/OBX`
  const all = { '2': type, '3-1': `C${at}`, '3-3': 'L', '11': 'F', ...values }
  return Object.entries(all).map(([field, value]) => [`${path}-${field}`, value])
}

test('a result of each type', async () => {
  const base64 = Buffer.from('Compte rendu é\nœ').toString('base64')
  const results: readonly (readonly [type: string, values: Readonly<Record<string, string>>, record: unknown])[] = [
    [
      'NM',
      { '5': '13.5', '6-1': 'g/dL', '7': '12-16' },
      { value_kind: 'quantity', value_number: 13.5, value_unit: 'g/dL', reference_low: 12, reference_high: 16 },
    ],
    [
      'SN',
      { '5-1': '<', '5-2': '5', '6-1': 'mg/L' },
      { value_kind: 'quantity', value_number: 5, value_comparator: '<', value_unit: 'mg/L' },
    ],
    ['SN', { '5-2': '10', '5-3': '-', '5-4': '20' }, { value_kind: 'range', value_low: 10, value_high: 20 }],
    [
      'SN',
      { '5-2': '1', '5-3': ':', '5-4': '128' },
      { value_kind: 'ratio', value_numerator: 1, value_denominator: 128 },
    ],
    ['ST', { '5(0)': 'a|b', '5(1)': 'c^d & ~\\ é' }, { value_kind: 'text', value_text: 'a|b\nc^d & ~\\ é' }],
    ['FT', { '5': 'a\\.br\\b\\H\\c\\N\\' }, { value_kind: 'text', value_text: 'a\nbc' }],
    ['TX', { '5': 'a\\XE9\\\\XA4\\b' }, { value_kind: 'text', value_text: 'aé€b' }],
    [
      'CE',
      { '5-1': '260385009', '5-2': 'Négatif', '5-3': 'SCT' },
      { value_kind: 'code', value_code: '260385009', value_system: 'snomed', value_text: 'Négatif' },
    ],
    [
      'CWE',
      { '5-1': 'x&y', '5-2': 'œdème', '5-3': 'L' },
      { value_kind: 'code', value_code: 'x&y', value_system: 'other', value_text: 'œdème' },
    ],
    ['ID', { '5': 'Y' }, { value_kind: 'code', value_code: 'Y', value_system: 'other' }],
    [
      'DT',
      { '5': '20250131' },
      { value_kind: 'date', value_at: Date.parse('2025-01-31T00:00:00Z'), value_at_precision: 'day' },
    ],
    ['TS', { '5-1': '20250131093000+0100' }, { value_kind: 'date', value_at: Date.parse('2025-01-31T08:30:00Z') }],
    ['TM', { '5': '093000' }, { value_kind: 'time', value_time: '09:30:00' }],
    ['ED', { '3-1': '11502-2', '3-3': 'LN', '5-2': 'TEXT', '5-3': 'plain', '5-4': 'Base64', '5-5': base64 }, undefined],
  ]
  const segments = results.flatMap(([type, values], at) => obx(at, type, values))
  const whole = message('ORU_R01', 'ORU^R01', '8859/15', ...PATIENT, ...OBR, ...segments)
  expect(await hapi().send(1, whole)).toEqual([`AA H${sent}`])
  const [effective_at, effective_precision] = [Date.parse('2025-02-01T07:00:00Z'), 'minute']
  const expected: unknown[] = results.slice(0, -1).map(([, , record], at) => [
    'observation',
    {
      ...HEAD,
      record_id: `observation/F1/58410-2/other/C${at}/`,
      code_system: 'other',
      code: `C${at}`,
      status: 'final',
      effective_at,
      effective_precision,
      ...(record as object),
    },
  ])
  expected.push([
    'document',
    {
      ...HEAD,
      record_id: 'document/F1/58410-2/loinc/11502-2/',
      kind_system: 'loinc',
      kind: '11502-2',
      kind_source: 'http://loinc.org',
      doc_status: 'final',
      authored_at: effective_at,
      authored_precision: effective_precision,
      text: 'Compte rendu é\nœ',
    },
  ])
  expect(await records()).toEqual(expected)
})

test('an end of line in a text, which HAPI writes as two bytes', async () => {
  const values = [...PATIENT, ...OBR, ...obx(0, 'TX', { '5': 'a\rb' })]
  await hapi().send(1, message('ORU_R01', 'ORU^R01', 'UNICODE UTF-8', ...values))
  expect(await records()).toMatchObject([['observation', { value_text: 'a\rb' }]])
})

const ZBE: Values = [
  ['SEGMENT', 'ZBE'],
  ['/ZBE-1-1', 'MVT9'],
  ['/ZBE-1-2', 'CHU'],
  ['/ZBE-2', '20250131093000'],
  ['/ZBE-5', 'N'],
  ['/ZBE-7-10', '3111'],
]
const MOVEMENT = {
  ...HEAD,
  record_id: 'movement/MVT9^CHU',
  encounter_nda: 'NDA77',
  kind: 'movement',
  started_at: Date.parse('2025-01-31T08:30:00Z'),
  care_unit: '3111',
}
const INPATIENT = {
  ...HEAD,
  record_id: 'stay/NDA77',
  encounter_nda: 'NDA77',
  kind: 'inpatient',
  started_at: Date.parse('2025-01-31T08:30:00Z'),
  care_unit: '3110',
}

test('a stay, its movement, its diagnosis and its act; the admission is cancelled', async () => {
  const client = hapi()
  const clinical: Values = [
    ['/.DG1-3-1', 'E11.9'],
    ['/.DG1-3-2', 'Diabète & cœur'],
    ['/.DG1-3-3', 'I10'],
    ['/.DG1-6', 'F'],
    ['/.DG1-15', '1'],
    ['/.PR1-3-1', 'HHFA016'],
    ['/.PR1-3-3', 'CCAM'],
    ['/.PR1-5', '20250131110000'],
  ]
  const admission = [...EVENT, ...PATIENT, ...STAY, ...clinical, ...ZBE, ['/ZBE-4', 'INSERT'] as const]
  expect(await client.send(1, message('ADT_A01', 'ADT^A01', 'UNICODE UTF-8', ...admission))).toEqual([`AA H${sent}`])
  expect(await records()).toEqual([
    ['patient', { ...HEAD, record_id: '8000123', sex: 'unknown', updated_at: Date.parse('2025-02-01T09:10:00Z') }],
    ['encounter', MOVEMENT],
    ['encounter', INPATIENT],
    [
      'diagnosis',
      {
        ...HEAD,
        record_id: 'diagnosis/NDA77/cim10/E119',
        encounter_nda: 'NDA77',
        code_system: 'cim10',
        code: 'E119',
        code_source: 'http://hl7.org/fhir/sid/icd-10',
        kind: 'principal',
        recorded_at: Date.parse('2025-02-01T09:10:00Z'),
        verification_status: 'confirmed',
        comment: 'Diabète & cœur',
      },
    ],
    [
      'procedure',
      {
        ...HEAD,
        record_id: 'procedure/NDA77/ccam/HHFA016/20250131110000',
        encounter_nda: 'NDA77',
        code_system: 'ccam',
        code: 'HHFA016',
        code_source: 'https://smt.esante.gouv.fr/terminologie-ccam',
        performed_at: Date.parse('2025-01-31T10:00:00Z'),
      },
    ],
  ])
  const cancelled = [...EVENT, ...PATIENT, ...STAY, ...ZBE, ['/ZBE-4', 'CANCEL'] as const]
  expect(await client.send(1, message('ADT_A09', 'ADT^A11', 'UNICODE UTF-8', ...cancelled))).toEqual([`AA H${sent}`])
  expect(await records()).toEqual([
    ['encounter', { ...MOVEMENT, operation: 'cancel' }],
    ['encounter', { ...INPATIENT, operation: 'cancel' }],
  ])
})

test('a document', async () => {
  const document: Values = [
    ['/.TXA-2-1', '11502-2'],
    ['/.TXA-2-3', 'LN'],
    ['/.TXA-4', '20250201090000'],
    ['/.TXA-12-1', 'D1'],
    ['/.TXA-17', 'AU'],
    ['/.OBX-2', 'TX'],
    ['/.OBX-5(0)', 'Sœur & père |'],
    ['/.OBX-5(1)', 'fin'],
  ]
  const whole = message('MDM_T02', 'MDM^T02', '8859/15', ...EVENT, ...PATIENT, ...STAY, ...document)
  expect(await hapi().send(1, whole)).toEqual([`AA H${sent}`])
  expect(await records()).toEqual([
    [
      'document',
      {
        ...HEAD,
        record_id: 'document/D1',
        encounter_nda: 'NDA77',
        kind_system: 'loinc',
        kind: '11502-2',
        kind_source: 'http://loinc.org',
        doc_status: 'final',
        authored_at: Date.parse('2025-02-01T08:00:00Z'),
        text: 'Sœur & père |\nfin',
      },
    ],
  ])
})

const PRESCRIPTION: Values = [
  ['/.ORC-1', 'NW'],
  ['/.ORC-2-1', 'PL7'],
  ['/.ORC-15', '20250201093000'],
  ['/.RXO-1-1', 'N02BE01'],
  ['/.RXO-1-3', 'ATC'],
  ['/.RXO-2', '500'],
  ['/.RXO-4-1', 'mg'],
]
const PRESCRIBED = {
  ...HEAD,
  record_id: 'medication/PL7',
  encounter_nda: 'NDA77',
  kind: 'request',
  code_system: 'atc',
  code: 'N02BE01',
  code_source: 'http://www.whocc.no/atc',
  started_at: Date.parse('2025-02-01T08:30:00Z'),
  status: 'active',
  intent: 'order',
  quantity: 500,
  quantity_unit: 'mg',
  dosage_count: 1,
}

test('a prescription, in both of its messages', async () => {
  const general = message('ORM_O01', 'ORM^O01', '8859/15', ...PATIENT, ...STAY, ...PRESCRIPTION)
  const route: Values = [['/.RXR-1-1', 'PO']]
  const timing: Values = [['/.TQ1-8', '20250204']]
  const pharmacy = message('OMP_O09', 'OMP^O09', '8859/15', ...PATIENT, ...STAY, ...PRESCRIPTION, ...route, ...timing)
  expect(await hapi().send(1, general)).toEqual([`AA H${sent - 1}`])
  expect(await hapi().send(1, pharmacy)).toEqual([`AA H${sent}`])
  expect(await records()).toEqual([
    ['medication', PRESCRIBED],
    ['medication', { ...PRESCRIBED, route: 'PO', ended_at: Date.parse('2025-02-04'), ended_precision: 'day' }],
  ])
})

test('an order of an examination is acknowledged with a warning; an order of nothing is an error', async () => {
  const examination: Values = [
    ['/.ORC-1', 'NW'],
    ['/.OBR-4-1', '58410-2'],
  ]
  expect(await hapi().send(1, message('ORM_O01', 'ORM^O01', '8859/15', ...PATIENT, ...examination))).toEqual([
    `AA H${sent} OBR.1.4.1. 207 W`,
  ])
  expect(await hapi().send(1, message('ORM_O01', 'ORM^O01', '8859/15', ...PATIENT))).toEqual([
    `AE H${sent} ORC.1... 101 E`,
  ])
  expect(await records()).toEqual([])
})

const WITHOUT_IPP: Values = [
  ['/.PID-3-1', '1'],
  ['/.PID-3-5', 'AN'],
]
const PLACES = { AA: '', AE: ' PID.1.3.1. 101 E', AR: ' MSH.1.9.1. 200 E' } as const

test.each([
  ['', '', ['AA', 'AE', 'AR'].map((code) => [code])],
  [
    'AL',
    'AL',
    [
      ['CA', 'AA'],
      ['CE', 'AE'],
      ['CR', 'AR'],
    ],
  ],
  ['AL', 'NE', [['CA'], ['CE'], ['CR']]],
  ['NE', 'AL', [['AA'], ['AE'], ['AR']]],
  ['NE', 'NE', [[], [], []]],
  ['SU', 'ER', [['CA'], ['AE'], ['AR']]],
  ['ER', 'SU', [['AA'], ['CE'], ['CR']]],
])('with MSH-15 %j and MSH-16 %j it reads which acknowledgements it asked for, and their errors', async (...row) => {
  const [accept, application, codes] = row
  const modes: Values = [
    ['/MSH-15', accept],
    ['/MSH-16', application],
  ]
  const identity = (...pid: Values) => message('ADT_A05', 'ADT^A28', 'UNICODE UTF-8', ...modes, ...EVENT, ...pid)
  const whole = [
    identity(...PATIENT),
    identity(...WITHOUT_IPP),
    message('SIU_S12', 'SIU^S12', 'UNICODE UTF-8', ...modes, ...PATIENT),
  ]
  const said: (readonly string[])[] = []
  for (const [at, one] of whole.entries()) said.push(await hapi().send(codes[at]?.length ?? 0, one))
  expect(said).toEqual(
    codes.map((expected, at) => expected.map((code) => `${code} H${sent - 2 + at}${Object.values(PLACES)[at] ?? ''}`)),
  )
  expect((await records()).map(([feed]) => feed)).toEqual(['patient'])
})

test('a batch of messages in several character sets, each read in its own', async () => {
  const names: Readonly<Record<string, string>> = { '8859/1': 'HÉRY', '8859/15': 'CŒUR', 'UNICODE UTF-8': 'ŁUKASZ' }
  const messages: Buffer[] = []
  for (const [charset, name] of Object.entries(names)) {
    const person: Values = [...PATIENT, ['/PID-5-1-1', name], ['/PID-5-7', 'L']]
    messages.push(await hapi().encode(message('ADT_A05', 'ADT^A31', charset, ...EVENT, ...person)))
  }
  const lines = ['FHS|^~\\&|GAM|CHU', 'BHS|^~\\&|GAM|CHU'].map((line) => Buffer.from(`${line}\r`))
  const body = Buffer.concat([...lines, ...messages, Buffer.from('BTS|3\rFTS|1\r')])
  const answer = await gateway.post('hl7', 'application/hl7-v2', body)
  expect([answer.statusCode, answer.json()]).toMatchObject([202, { accepted: 3, rejected: 0 }])
  expect((await records()).map(([, record]) => (record as Record<string, unknown>).birth_family_name)).toEqual(
    Object.values(names),
  )
})

test('a merge of two patients, and another one in the same message, as HAPI writes its groups', async () => {
  const merge: Values = [
    ['/EVN-2', '20250201101000'],
    ['/PATIENT(0)/PID-3(0)-1', '8000123'],
    ['/PATIENT(0)/PID-3(0)-5', 'PI'],
    ['/PATIENT(0)/MRG-1(0)-1', '8000999'],
    ['/PATIENT(0)/MRG-1(0)-5', 'PI'],
    ['/PATIENT(1)/PID-3(0)-1', '1'],
    ['/PATIENT(1)/MRG-1(0)-1', '2'],
  ]
  expect(await hapi().send(1, message('ADT_A39', 'ADT^A40', 'UNICODE UTF-8', ...merge))).toEqual([`AA H${sent}`])
  const sides = (await records()).map(([feed, record]) => {
    const { other_ipp: other, patient_ipp: own, role } = record as Record<string, unknown>
    return [feed, own, other, role].join(' ')
  })
  expect(sides).toEqual([
    'patient_merge 8000123 8000999 survivor',
    'patient_merge 8000999 8000123 prior',
    'patient_merge 1 2 survivor',
    'patient_merge 2 1 prior',
  ])
})
