/** Orders: prescriptions and the results that come with them are records, any other order is refused as what is no fact yet. */
import { describe, expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { contractOf } from '../../harness.ts'
import { itemsOf, msh, orders, outcome, PID, PRESCRIPTION, PV1 } from './messages.ts'

/** Every record of a valid message is one that the contract accepts. */
function accepted(message: string): readonly Record<string, unknown>[] {
  const { records, refused } = outcome(message)
  expect(refused).toEqual([])
  for (const [feed, record] of records)
    expect([feed, recordReader(contractOf(feed), 'json')(record)]).toMatchObject([feed, { ok: true }])
  return records.map(([, record]) => record)
}

const ORC = 'ORC|NW|PL7|||||||20250201090000'
const RXO = 'RXO|N02BE01^x^ATC|500||mg'
const OBR = 'OBR|1|PL8||58410-2^NFS^LN'
const WEIGHT = 'OBX|1|NM|29463-7^Poids^LN||71.5|kg|||||F|||20250201080000'
const prescribed = (...segments: readonly string[]) => accepted(orders('ORM^O01', ...segments))
const refusedOf = (...segments: readonly string[]) => outcome(orders('ORM^O01', ...segments)).refused

describe('a prescription', () => {
  test.each(['ORM^O01', 'OMP^O09^OMP_O09', 'OML^O21^OML_O21'])(
    'of %s has drug, times, dose, route and text',
    (type) => {
      expect(outcome(orders(type, ...PRESCRIPTION)).records.map(([feed]) => feed)).toEqual(['medication'])
      expect(accepted(orders(type, ...PRESCRIPTION))).toEqual([
        {
          record_id: 'medication/PL7^CPOE',
          record_version: Date.parse('2025-02-01T09:11:12Z'),
          operation: 'upsert',
          patient_ipp: '8000123',
          encounter_nda: 'NDA77',
          kind: 'request',
          code_system: 'atc',
          code: 'N02BE01',
          code_source: 'http://www.whocc.no/atc',
          started_at: '2025-02-01T08:30:00.000Z',
          started_precision: null,
          ended_at: '2025-02-04T11:00:00.000Z',
          ended_precision: null,
          status: 'active',
          intent: 'order',
          do_not_perform: null,
          quantity: null,
          quantity_low: 500,
          quantity_high: 1000,
          quantity_unit: 'mg',
          dosage_count: 1,
          route: 'PO',
          dosage_text: 'si douleur\nà distance des repas',
        },
      ])
    },
  )

  test.each([
    ['NW', 'active'],
    ['NA', 'active'],
    ['OK', 'active'],
    ['RO', 'active'],
    ['XO', 'active'],
    ['XR', 'active'],
    ['XX', 'active'],
    ['RL', 'active'],
    ['OE', 'active'],
    ['OR', 'active'],
    ['CA', 'cancelled'],
    ['OC', 'cancelled'],
    ['CR', 'cancelled'],
    ['RP', 'cancelled'],
    ['RQ', 'cancelled'],
    ['RU', 'cancelled'],
    ['DC', 'stopped'],
    ['OD', 'stopped'],
    ['DR', 'stopped'],
    ['HD', 'on_hold'],
    ['OH', 'on_hold'],
    ['HR', 'on_hold'],
  ])('of the control %s is %s, and a version of the same record', (control, status) => {
    const orc = `ORC|${control}|PL7|||||^^^20250201120000`
    expect(prescribed(orc, RXO)).toMatchObject([
      { record_id: 'medication/PL7', operation: 'upsert', status, started_at: '2025-02-01T11:00:00.000Z' },
    ])
  })

  test.each([
    ['SC', 'CM', 'completed'],
    ['SR', 'IP', 'active'],
    ['SC', 'A', 'active'],
    ['SC', 'SC', 'active'],
    ['SC', 'DC', 'stopped'],
    ['SC', 'CA', 'cancelled'],
    ['SC', 'RP', 'cancelled'],
    ['NW', 'HD', 'on_hold'],
    ['XX', 'CM', 'completed'],
    ['CA', 'IP', 'cancelled'],
    ['HD', 'IP', 'on_hold'],
  ])('of the control %s and the status %s is %s', (control, told, status) => {
    expect(prescribed(`ORC|${control}|PL7|||${told}||^^^20250201120000`, RXO)).toMatchObject([{ status }])
  })

  test.each([
    ['a control that says of no order what it is', 'ORC|UC|PL7', 'ORC[1]-1 enum'],
    ['the number of an order that is not there yet', 'ORC|SN|PL7', 'ORC[1]-1 enum'],
    ['a control that is a property of every object', 'ORC|constructor|PL7', 'ORC[1]-1 enum'],
    ['results that a drug cannot be', 'ORC|RE|PL7', 'ORC[1]-1 enum'],
    ['no control', 'ORC||PL7', 'ORC[1]-1 required'],
    ['a change to no status', 'ORC|SC|PL7', 'ORC[1]-5 required'],
    ['an order that was not found', 'ORC|SC|PL7|||ER', 'ORC[1]-5 enum'],
    ['an unknown status of a new order', 'ORC|NW|PL7|||toString', 'ORC[1]-5 enum'],
    ['no number', 'ORC|NW|||||||20250201', 'ORC[1]-2 required'],
    ['no time', 'ORC|NW|PL7', 'TQ1[1]-7 required'],
    ['only the time of a later change', 'ORC|XO|PL7|||||||20250201||||||20250201', 'TQ1[1]-7 required'],
    ['a time that is none', 'ORC|NW|PL7|||||||2025023', 'ORC[1]-9 timestamp'],
    ['a begin that is none', 'ORC|NW|PL7|||||^^^x', 'ORC[1]-7-4 timestamp'],
  ])('with %s is refused', (_name, orc, refused) => {
    expect(refusedOf(orc, RXO)).toEqual([`medication ${refused}`])
  })

  test.each([
    ['ORC|UC|PL7', expect.arrayContaining(['NW', 'DC', 'SC'])],
    ['ORC|SC|PL7|||ER', ['A', 'IP', 'SC', 'CM', 'CA', 'RP', 'DC', 'HD']],
  ])('%s is told what is allowed', (orc, allowed) => {
    expect(itemsOf(orders('ORM^O01', orc, RXO))).toMatchObject([{ kind: 'undecodable', allowed }])
  })

  test('without an ORC, with a number of the filler alone', () => {
    expect(refusedOf(RXO)).toEqual(['medication ORC[1] required'])
    expect(refusedOf(RXO, ORC, RXO)).toEqual(['medication ORC[2] required'])
    expect(prescribed('ORC|NW||FI7^PHARM||||||20250201', RXO)).toMatchObject([
      { record_id: 'medication/filler/FI7^PHARM', started_precision: 'day' },
    ])
  })

  test.each([
    ['a UCD of 7 digits', '9000010^x^UCD', { code_system: 'ucd' }],
    ['an OID', 'N02BE01^x^2.16.840.1.113883.6.73', { code_system: 'atc' }],
    ['the name of table 0396', 'n02be01^x^WC', { code_system: 'atc', code: 'N02BE01' }],
    ['a local code beside', '12^x^L^314076^x^RXNORM', { code_system: 'rxnorm', code: '314076' }],
    ['a local code alone', '12^x^99PHA', { code_system: 'other', code: '12', code_source: null }],
  ])('its drug is %s', (_name, drug, expected) => {
    expect(prescribed(ORC, `RXO|${drug}`)).toMatchObject([expected])
  })

  test.each([
    ['another code system', 'N02BE01^x^XYZ', 'RXO[1]-1-3 unknown-code-system'],
    ['only a name', '^Paracétamol^ATC', 'RXO[1]-1 required'],
    ['no drug', '', 'RXO[1]-1 required'],
  ])('%s is refused', (_name, drug, refused) => {
    expect(refusedOf(ORC, `RXO|${drug}|1`)).toEqual([`medication ${refused}`])
  })

  test.each([
    ['500||mg', { quantity: 500, quantity_low: null, quantity_high: null, quantity_unit: 'mg' }],
    ['500|500.0|mg', { quantity: 500, quantity_low: null, quantity_high: null }],
    ['1|2|', { quantity: null, quantity_low: 1, quantity_high: 2, quantity_unit: null }],
    ['|2|mg', { quantity: null, quantity_low: null, quantity_high: 2 }],
    ['||mg', { quantity: null, quantity_low: null, quantity_high: null, quantity_unit: 'mg' }],
    ['0||mg', { quantity: 0 }],
  ])('the dose %s', (dose, expected) => {
    expect(prescribed(ORC, `RXO|N02BE01^x^ATC|${dose}`)).toMatchObject([expected])
  })

  test.each([
    ['1,5', 'RXO[1]-2 type'],
    ['|une', 'RXO[1]-3 type'],
    ['1234567890.1234567', 'RXO[1]-2 number-range'],
  ])('the dose %s is refused', (dose, refused) => {
    expect(refusedOf(ORC, `RXO|N02BE01^x^ATC|${dose}`)).toEqual([`medication ${refused}`])
  })

  test.each([
    ['2025', 'year', '2025-01-01T00:00:00.000Z'],
    ['202502', 'month', '2025-02-01T00:00:00.000Z'],
    ['20250201', 'day', '2025-02-01T00:00:00.000Z'],
    ['2025020109', 'hour', '2025-02-01T08:00:00.000Z'],
    ['202502010930', 'minute', '2025-02-01T08:30:00.000Z'],
    ['20250201093000+0000', null, '2025-02-01T09:30:00.000Z'],
  ])('the time %s has its precision', (given, precision, at) => {
    expect(prescribed(`ORC|NW|PL7|||||||||||||${given}`, RXO, `TQ1|1||||||${given}|${given}`)).toMatchObject([
      { started_at: at, started_precision: precision, ended_at: at, ended_precision: precision },
    ])
  })

  test('the times of a new order are its own; of a later message those of its timing, and where it stops', () => {
    const times = (orc: string, ...timing: readonly string[]) =>
      prescribed(orc, ...timing, RXO).map(({ started_at, ended_at }) => [started_at, ended_at])
    const timing = 'TQ1|1||||||20250202|20250205'
    expect(times('ORC|NW|PL7|||||||20250203||||||20250204', timing)).toEqual([
      ['2025-02-04T00:00:00.000Z', '2025-02-05T00:00:00.000Z'],
    ])
    for (const control of ['XO', 'HD', 'SC'])
      expect(times(`ORC|${control}|PL7|||A||||20250203||||||20250204`, timing)).toEqual([
        ['2025-02-02T00:00:00.000Z', '2025-02-05T00:00:00.000Z'],
      ])
    expect(times('ORC|DC|PL7|||||||20250203||||||20250204', timing)).toEqual([
      ['2025-02-02T00:00:00.000Z', '2025-02-04T00:00:00.000Z'],
    ])
    expect(times('ORC|DC|PL7|||||^^^20250202^20250205')).toEqual([
      ['2025-02-02T00:00:00.000Z', '2025-02-05T00:00:00.000Z'],
    ])
  })

  test('of several timings each may have another dose: none is kept, and they are counted', () => {
    const [first, second] = ['TQ1|1||||||20250201|20250202', 'TQ1|2||||||20250203|20250204']
    const expected = { dosage_count: 2, quantity: null, quantity_low: null, quantity_high: null, quantity_unit: 'mg' }
    expect(prescribed('ORC|XO|PL7', first, second, RXO)).toMatchObject([
      { ...expected, started_at: '2025-02-01T00:00:00.000Z', ended_at: '2025-02-04T00:00:00.000Z' },
    ])
    expect(prescribed('ORC|XO|PL7|||||^^^20250201^20250202~^^^20250203^20250204', RXO)).toMatchObject([
      { ...expected, ended_at: null },
    ])
  })

  test('a route without a code, and several to choose from, are texts', () => {
    const route = (...rxr: readonly string[]) =>
      prescribed(ORC, RXO, ...rxr).map((record) => [record.route, record.dosage_text])
    expect(route('RXR|^^^26643006^Oral^SCT')).toEqual([['26643006', null]])
    expect(route('RXR|^par la bouche')).toEqual([[null, 'par la bouche']])
    expect(route('RXR|PO', 'RXR|IV^intraveineux')).toEqual([[null, 'PO\nintraveineux']])
  })

  test('what is written below a result, or beside the patient, is no text of the prescription', () => {
    const [prescription, weight] = accepted(
      [msh('ORM^O01'), PID, 'NTE|1||patient', PV1, ORC, RXO, 'NTE|1||dose', WEIGHT, 'NTE|1||pesée'].join('\r'),
    )
    expect([prescription?.dosage_text, weight?.comment]).toEqual(['dose', 'pesée'])
  })

  test('a second drug under a number, and a second order of it, are refused', () => {
    const second = RXO.replace('N02BE01', 'C03CA01')
    const { records, refused } = outcome(orders('ORM^O01', ORC, RXO, 'RXR|PO', second, 'RXR|IV'))
    expect(refused).toEqual(['medication RXO[2]-1 ambiguous-identifier'])
    expect(records).toMatchObject([['medication', { code: 'N02BE01', route: 'PO' }]])
    expect(refusedOf(ORC, RXO, ORC, second)).toEqual(['medication ORC[2]-2 ambiguous-identifier'])
    expect(prescribed(ORC, RXO, ORC.replace('PL7', 'PL9'), second).length).toBe(2)
  })
})

describe('another order', () => {
  test.each([
    ['of an examination', [ORC, OBR], ['observation OBR[1]-4 not-a-fact']],
    ['of two', [ORC, OBR, ORC, OBR], ['observation OBR[1]-4 not-a-fact', 'observation OBR[2]-4 not-a-fact']],
    ['of an examination that is cancelled', ['ORC|CA|PL8', OBR], ['observation OBR[1]-4 not-a-fact']],
    ['of an examination without its ORC', [OBR], ['observation OBR[1]-4 not-a-fact']],
    ['of a meal', [ORC, 'ODS|D||diabetic'], ['- ORC[1]-1 not-a-fact']],
    ['of a supply', [ORC, 'RQD|1', 'RQ1|1'], ['- ORC[1]-1 not-a-fact']],
    ['of nothing', ['ORC|CA|PL7'], ['medication RXO[1] required']],
    ['that is none', [], ['- ORC[1] required']],
    ['of results that are missing', ['ORC|PR|PL7', OBR], ['observation OBX[1] required']],
  ])('%s is refused', (_name, segments, refused) => {
    for (const type of ['ORM^O01', 'OML^O21', 'OMP^O09'])
      expect(outcome(orders(type, ...segments))).toEqual({ records: [], refused })
  })

  test('keeps nothing of the message from being taken', () => {
    const { records, refused } = outcome(
      orders('ORM^O01', 'ORC|NW|PL8', OBR, WEIGHT, ...PRESCRIPTION, 'ORC|NW|PL9', OBR),
    )
    expect(refused).toEqual(['observation OBR[1]-4 not-a-fact', 'observation OBR[2]-4 not-a-fact'])
    expect(records).toMatchObject([
      ['medication', { record_id: 'medication/PL7^CPOE' }],
      ['observation', { record_id: 'observation/PL8/58410-2/loinc/29463-7/', value_number: 71.5 }],
    ])
  })
})

describe('the results of an order', () => {
  test('of a drug are named by its number, and have their own status', () => {
    const [, weight] = prescribed(ORC, RXO, WEIGHT)
    expect(weight).toMatchObject({ record_id: 'observation/PL7//loinc/29463-7/', status: 'final', value_unit: 'kg' })
    expect(refusedOf(ORC, RXO, WEIGHT.replace('|F|', '||'))).toEqual(['observation OBX[1]-11 required'])
    expect(prescribed(ORC, RXO, WEIGHT.replace('|F|', '|D|'))[1]).toMatchObject({ operation: 'cancel' })
  })

  test('of a drug are not those of the examination before it', () => {
    const { records } = outcome(orders('ORM^O01', 'ORC|NW|PL8', OBR, ORC, RXO, WEIGHT))
    expect(records[1]?.[1]).toMatchObject({ record_id: 'observation/PL7//loinc/29463-7/' })
  })

  test('that nothing tells apart in two orders: the second is refused', () => {
    expect(refusedOf('ORC|NW|PL8', OBR, WEIGHT, 'ORC|NW|PL8', OBR, WEIGHT).at(-1)).toBe(
      'observation OBX[2]-4 ambiguous-identifier',
    )
  })
})

describe('the patient', () => {
  const second = PID.replace('8000123', '8000999').replace('NDA77', 'NDA99')
  const ofWhom = (type: string, ...segments: readonly string[]) =>
    outcome(orders(type, ...segments)).records.map(([feed, record]) => [feed, record.patient_ipp, record.encounter_nda])

  test.each(['ORM^O01', 'OML^O21', 'OMP^O09'])('of each order in %s is the one above it', (type) => {
    expect(ofWhom(type, ORC, RXO, WEIGHT, second, PV1, ORC.replace('PL7', 'PL9'), RXO, WEIGHT)).toEqual([
      ['medication', '8000123', 'NDA77'],
      ['observation', '8000123', 'NDA77'],
      ['medication', '8000999', 'NDA99'],
      ['observation', '8000999', 'NDA99'],
    ])
  })

  test.each([
    ['an ORC', ['ORC|PR|PL1']],
    ['none', []],
  ])('of earlier results with %s has them alone: the next order is of the patient of the message', (_name, orc) => {
    const prior = [second, PV1, ...orc, OBR, WEIGHT]
    expect(ofWhom('OMP^O09', ORC, RXO, ...prior, ORC.replace('PL7', 'PL9'), RXO)).toEqual([
      ['medication', '8000123', 'NDA77'],
      ['medication', '8000123', 'NDA77'],
      ['observation', '8000999', 'NDA99'],
    ])
  })

  test('without an identifier, or without a PID: its orders are refused, and those of another one taken', () => {
    const nobody = 'PID|1||1^^^A^AN'
    const { records, refused } = outcome(orders('ORM^O01', ORC, RXO, nobody, ORC.replace('PL7', 'PL9'), RXO, WEIGHT))
    expect(refused).toEqual(['medication PID[2]-3 required'])
    expect(records).toMatchObject([['medication', { patient_ipp: '8000123' }]])
    expect(outcome([msh('ORM^O01'), ORC, RXO].join('\r')).refused).toEqual(['medication PID[1]-3 required'])
  })
})

test('fields of an order that no mapping reads are told by their place', () => {
  const paths: string[] = []
  const message = orders('OMP^O09', `${ORC}|x`, `${RXO}|TAB`, 'TQ1|1|2', 'RXC|B|x', 'ODS|D')
  itemsOf(message, {}, (path) => paths.push(path))
  expect(paths).toEqual(['ORC-10', 'RXO-5', 'TQ1-2', 'RXC-1', 'RXC-2', 'ODS-1'])
})
