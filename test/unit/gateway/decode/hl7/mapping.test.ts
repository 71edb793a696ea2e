/** What each event becomes: the records of its feeds, and what is refused with its place and its rule. */
import { describe, expect, test } from 'vitest'
import { recordReader } from '#core/contract/record-reader.ts'
import { contractOf } from '../../harness.ts'
import {
  ADMINISTERED,
  adt,
  DISPENSED,
  EVN,
  given,
  itemsOf,
  mdm,
  merge,
  msh,
  oru,
  outcome,
  PID,
  PV1,
  txa,
  zbe,
} from './messages.ts'

/** Every record of a valid message is one that the contract accepts. */
function accepted(message: string): ReturnType<typeof outcome>['records'] {
  const { records, refused } = outcome(message)
  expect(refused).toEqual([])
  for (const [feed, record] of records)
    expect([feed, recordReader(contractOf(feed), 'json')(record)]).toMatchObject([feed, { ok: true }])
  return records
}

const obx = (
  type: string,
  value: string,
  more: { status?: string; code?: string; sub?: string; unit?: string; range?: string; id?: string } = {},
) =>
  `OBX|1|${type}|${more.code ?? '718-7^Hémoglobine^LN'}|${more.sub ?? ''}|${value}|${more.unit ?? ''}|${more.range ?? ''}||||${more.status ?? 'F'}${more.id ? `||||||||||${more.id}` : ''}`

describe('the identity', () => {
  test('has identifiers by authority, names by type, status, birth place and residence', () => {
    const [[feed, record] = []] = accepted(adt('A28'))
    expect([feed, record]).toEqual([
      'patient',
      {
        record_id: '8000123',
        record_version: Date.parse('2025-02-01T09:11:12Z'),
        operation: 'upsert',
        patient_ipp: '8000123',
        ins: '279035121518989',
        nir: '279035121518989',
        identity_status: 'VALI',
        birth_family_name: 'DUPONT',
        birth_given_names: 'MARIE JEANNE',
        birth_date: '1979-03-15',
        sex: 'female',
        birth_place_insee: '51215',
        used_family_name: 'MARTIN',
        address_line: '12 RUE DES LILAS',
        postcode: '69003',
        city: 'LYON',
        phone: '0601020304',
        email: 'marie@example.org',
        birth_partial: null,
        birth_precision: null,
        deceased: null,
        deceased_on: null,
        deceased_precision: null,
        updated_at: '2025-02-01T09:10:00.000Z',
      },
    ])
  })

  const identity = (...fields: readonly string[]) =>
    outcome([msh('ADT^A31', '1', '2.3'), EVN, `PID|1||${fields.join('|')}`].join('\r'))

  test.each([
    [
      'a maiden name beside a legal one',
      'X^^^A^PI||LEGAL^ANNE^^^^^L~BORN^ANNE^^^^^M',
      { birth_family_name: 'BORN', used_family_name: 'LEGAL', birth_given_names: 'ANNE' },
    ],
    [
      'one name without a type',
      'X||ONLY^A^B',
      { birth_family_name: 'ONLY', used_family_name: null, birth_given_names: 'A B' },
    ],
    ['an alias is no name of birth', 'X||ALIAS^A^^^^^A', { birth_family_name: null, birth_given_names: null }],
    [
      'a year of birth alone is not made a day',
      'X||N^A||1979',
      { birth_date: null, birth_partial: '1979-01-01', birth_precision: 'year' },
    ],
    [
      'a month of birth alone is not made a day',
      'X||N^A||197903',
      { birth_date: null, birth_partial: '1979-03-01', birth_precision: 'month' },
    ],
    ['a death without its day', `X${'|'.repeat(27)}Y`, { deceased: true, deceased_on: null }],
    ['no death', `X${'|'.repeat(27)}N`, { deceased: false }],
    [
      'a year of death',
      `X${'|'.repeat(26)}2024`,
      { deceased: true, deceased_on: '2024-01-01', deceased_precision: 'year' },
    ],
    ['an untyped identifier of 2.3', 'X', { patient_ipp: 'X', ins: null, sex: 'unknown' }],
    ['a medical record number', 'X^^^A^MR~Y^^^A^AN', { patient_ipp: 'X' }],
    ['a deleted value', 'X||""||""|""', { birth_family_name: null, birth_date: null, sex: 'unknown' }],
  ])('%s', (_name, fields, expected) => {
    expect(identity(fields)).toMatchObject({ refused: [], records: [['patient', expected]] })
  })

  test.each([
    ['no identifier', '', ['patient PID[1]-3 required']],
    ['only an INS', '2^^^A&1.2.250.1.213.1.4.8&ISO^INS', ['patient PID[1]-3 required']],
    ['an unknown sign of death', `X${'|'.repeat(27)}Q`, ['patient PID[1]-30 enum']],
    ['two identifiers to choose from', 'X^^^A^PI~Y^^^B^PI', ['patient PID[1]-3 ambiguous-identifier']],
  ])('%s is refused', (_name, fields, refused) => {
    expect(identity(fields)).toEqual({ records: [], refused })
  })

  test('the authority that the operator declares decides between two', () => {
    const message = [msh('ADT^A31'), EVN, 'PID|1||X^^^A^PI~Y^^^B&1.2.3&ISO^PI'].join('\r')
    for (const authority of ['B', '1.2.3'])
      expect(outcome(message, { ippAuthorities: [authority] }).records[0]?.[1]).toMatchObject({ patient_ipp: 'Y' })
    expect(outcome(message, { ippAuthorities: ['C'] }).refused).toEqual(['patient PID[1]-3 required'])
  })

  test('one status that is not validated keeps the INS from linking', () => {
    const two = PID.replace(/VALI$/, 'VALI~HOMD')
    expect(outcome([msh('ADT^A31'), EVN, two].join('\r')).records[0]?.[1]).toMatchObject({ identity_status: 'HOMD' })
  })

  test('a day of death is a record of its own, a year is not', () => {
    const dead = (when: string) =>
      outcome([msh('ADT^A31'), EVN, `PID|1||X${'|'.repeat(26)}${when}|Y`].join('\r')).records
    expect(dead('20250130').map(([feed]) => feed)).toEqual(['patient', 'death'])
    expect(dead('20250130')[1]?.[1]).toMatchObject({ died_on: '2025-01-30', record_id: 'X' })
    expect(dead('2025').map(([feed]) => feed)).toEqual(['patient'])
  })
})

describe('the stay', () => {
  const feeds = (message: string) =>
    accepted(message).map(([feed, record]) => `${feed} ${String(record.record_id)} ${String(record.operation)}`)

  test.each([
    ['A01', ['patient 8000123 upsert', 'encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
    ['A02', ['encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
    ['A04', ['patient 8000123 upsert', 'encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
    ['A06', ['encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
    ['A07', ['encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
    ['A08', ['patient 8000123 upsert', 'encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
    ['Z99', ['encounter movement/MVT9^CHU-X upsert', 'encounter stay/NDA77 upsert']],
  ])('%s', (event, expected) => {
    expect(feeds(adt(event, PV1, zbe('INSERT')))).toEqual(expected)
  })

  test.each([
    ['A11', ['encounter movement/MVT9^CHU-X cancel', 'encounter stay/NDA77 cancel']],
    ['A12', ['encounter movement/MVT9^CHU-X cancel', 'encounter stay/NDA77 upsert']],
    ['A13', ['encounter movement/MVT9^CHU-X cancel', 'encounter stay/NDA77 upsert']],
  ])('%s cancels', (event, expected) => {
    expect(feeds(adt(event, PV1, zbe('CANCEL')))).toEqual(expected)
  })

  test('A01 has kind, start, unit, PMSI modes and reason', () => {
    const records = accepted(adt('A01', PV1, 'PV2|||J18.9^Pneumopathie^I10', zbe('INSERT'), 'ZFM|8|6'))
    expect(records.at(-1)?.[1]).toEqual({
      record_id: 'stay/NDA77',
      record_version: Date.parse('2025-02-01T09:11:12Z'),
      operation: 'upsert',
      patient_ipp: '8000123',
      encounter_nda: 'NDA77',
      kind: 'inpatient',
      started_at: '2025-01-31T08:30:00.000Z',
      started_precision: null,
      ended_at: null,
      ended_precision: null,
      care_unit: '3110',
      admission_mode: '8',
      discharge_mode: '6',
      reason_code: 'J189',
      reason_system: 'cim10',
      reason_text: 'Pneumopathie',
    })
    expect(records.at(-2)?.[1]).toMatchObject({
      kind: 'movement',
      started_at: '2025-01-31T08:30:00.000Z',
      care_unit: '3110',
      encounter_nda: 'NDA77',
    })
  })

  test('A03 ends it with PV1-45, else the time of the event; A13 opens it again', () => {
    const end = (event: string, pv1: string) => accepted(adt(event, pv1)).at(-1)?.[1]?.ended_at
    expect(end('A03', `${PV1}|20250201090000`)).toBe('2025-02-01T08:00:00.000Z')
    expect(end('A03', PV1)).toBe('2025-01-31T08:30:00.000Z')
    expect(end('A13', `${PV1}|20250201090000`)).toBeNull()
    expect(outcome([msh('ADT^A03'), 'EVN||20250201101000', PID, PV1].join('\r')).refused).toEqual([
      'encounter PV1[1]-45 required',
    ])
  })

  test('a movement is inserted, updated and cancelled by its own identifier; a historic one says nothing of where the stay is', () => {
    const operations = (action: string) =>
      accepted(adt('A02', PV1, zbe(action, 'M1', 'Y'))).map(([, record]) => [record.record_id, record.operation])
    expect(operations('INSERT')).toEqual([['movement/M1^CHU-X', 'upsert']])
    expect(operations('UPDATE')).toEqual([['movement/M1^CHU-X', 'upsert']])
    expect(operations('CANCEL')).toEqual([['movement/M1^CHU-X', 'cancel']])
  })

  test.each([
    ['a pre-admission is no stay yet', adt('A05', PV1, zbe('INSERT')), ['encounter MSH[1]-9-2 not-a-fact']],
    ['a class of pre-admission, too', adt('A02', PV1.replace('|I|', '|P|')), ['encounter PV1[1]-2 not-a-fact']],
    [
      'no number of the stay',
      adt('A02', PV1).replace('NDA77^^^CHU-X&1.2.3.4&ISO^AN', '').replace('VN55^^^CHU-X^VN', ''),
      ['encounter PV1[1]-19 required'],
    ],
    ['no start', adt('A02', PV1.replace('20250131093000', '')), ['encounter PV1[1]-44 required']],
    [
      'a start that is no time',
      adt('A02', PV1.replace('20250131093000', '20250230')),
      ['encounter PV1[1]-44 timestamp'],
    ],
    ['no PV1', adt('A01'), ['encounter PV1[1] required']],
    [
      'a movement without an identifier',
      adt('A02', PV1, 'ZBE||20250131093000||INSERT|Y'),
      ['encounter ZBE[1]-1 required'],
    ],
    ['a movement without an action', adt('A02', PV1, 'ZBE|1|20250131093000|||Y'), ['encounter ZBE[1]-4 required']],
    ['a movement with an unknown action', adt('A02', PV1, 'ZBE|1|20250131093000||MOVE|Y'), ['encounter ZBE[1]-4 enum']],
    ['another event', adt('A17'), ['- MSH[1]-9-2 unmapped-message']],
    ['an appointment', msh('SIU^S12'), ['- MSH[1]-9 unmapped-message']],
    ['the answer to an order', msh('ORR^O02'), ['- MSH[1]-9 unmapped-message']],
    ['an order by another event', msh('OML^O33^OML_O33'), ['- MSH[1]-9 unmapped-message']],
    ['a type that is a property of every object', msh('constructor^A01'), ['- MSH[1]-9 unmapped-message']],
  ])('%s is refused', (_name, message, refused) => {
    expect(outcome(message).refused).toEqual(refused)
  })

  test('days of a stay and of a movement have their precision', () => {
    const pv1 = `${PV1.replace('20250131093000', '20250131')}|20250201`
    expect(accepted(adt('A03', pv1, zbe('INSERT').replace('20250131093000', '2025013109')))).toMatchObject([
      ['encounter', { kind: 'movement', started_at: '2025-01-31T08:00:00.000Z', started_precision: 'hour' }],
      [
        'encounter',
        {
          started_at: '2025-01-31T00:00:00.000Z',
          started_precision: 'day',
          ended_at: '2025-02-01T00:00:00.000Z',
          ended_precision: 'day',
        },
      ],
    ])
  })

  test('an identity that was changed on a day has no column for that', () => {
    const message = [msh('ADT^A31'), 'EVN||20250201', PID].join('\r')
    expect(outcome(message).refused).toEqual(['patient EVN[1]-2 imprecise-date'])
  })

  test('a number of the visit stands in for the number of the stay', () => {
    const message = adt('A02', PV1).replace('NDA77^^^CHU-X&1.2.3.4&ISO^AN', '')
    expect(accepted(message)[0]?.[1]).toMatchObject({ encounter_nda: 'VN55' })
  })

  test('an update of an identity alone has no stay', () => {
    const message = [msh('ADT^A08'), EVN, 'PID|1||X', 'PV1|1|N'].join('\r')
    expect(accepted(message).map(([feed]) => feed)).toEqual(['patient'])
  })
})

describe('diagnoses and procedures of an admission', () => {
  const clinical = (...segments: readonly string[]) => outcome(adt('A08', PV1, ...segments))
  const of = (...segments: readonly string[]) =>
    clinical(...segments).records.filter(([feed]) => feed === 'diagnosis' || feed === 'procedure')

  test('have their codes in one spelling, and an identifier that a later message finds again', () => {
    expect(
      of('DG1|1||E11.9^Diabète^I10|||F|||||||||1', 'PR1|1||HHFA016^Appendicectomie^CCAM||20250131110000'),
    ).toMatchObject([
      [
        'diagnosis',
        {
          record_id: 'diagnosis/NDA77/cim10/E119',
          code: 'E119',
          code_system: 'cim10',
          code_source: 'http://hl7.org/fhir/sid/icd-10',
          verification_status: 'confirmed',
          kind: 'principal',
          recorded_at: '2025-02-01T09:10:00.000Z',
          comment: 'Diabète',
        },
      ],
      [
        'procedure',
        {
          record_id: 'procedure/NDA77/ccam/HHFA016/20250131110000',
          code: 'HHFA016',
          performed_at: '2025-01-31T10:00:00.000Z',
          performer_rpps: null,
        },
      ],
    ])
    expect(of('DG1|1||E119^x^CIM10')[0]?.[1]).toMatchObject({ record_id: 'diagnosis/NDA77/cim10/E119' })
  })

  test('a working diagnosis is provisional, an admitting one says nothing; a day has its precision', () => {
    const seen = (segment: string) => {
      const [, record] = accepted(adt('A08', PV1, segment)).find(([feed]) => feed === 'diagnosis') ?? []
      return [record?.verification_status, record?.recorded_at, record?.recorded_precision]
    }
    expect(seen('DG1|1||E119^x^I10||20250101|W')).toEqual(['provisional', '2025-01-01T00:00:00.000Z', 'day'])
    expect(seen('DG1|1||E119^x^I10|||A')).toEqual([null, '2025-02-01T09:10:00.000Z', null])
    expect(seen(`DG1|1||E119^x^I10|||Q${'|'.repeat(15)}D`)).toEqual([null, '2025-02-01T09:10:00.000Z', null])
  })

  test('a code system has its URI, or the OID that was written; a public one that no contract has is other', () => {
    const seen = (coded: string) =>
      of(`DG1|1||${coded}`).map(([, record]) => [record.code_system, record.code, record.code_source])
    expect(seen('e11.9^x^2.16.840.1.113883.6.3')).toEqual([['cim10', 'E119', 'urn:oid:2.16.840.1.113883.6.3']])
    expect(seen('250.00^x^2.16.840.1.113883.6.42')).toEqual([['other', '250.00', 'urn:oid:2.16.840.1.113883.6.42']])
    expect(seen('D1^x^L')).toEqual([['other', 'D1', null]])
  })

  test('are cancelled by their action code', () => {
    expect(
      of(`DG1|1||E119^x^I10${'|'.repeat(17)}DX1|D`, `PR1|1||HHFA016^x^CCAM||20250131110000${'|'.repeat(14)}P1|D`),
    ).toMatchObject([
      ['diagnosis', { record_id: 'diagnosis/DX1', operation: 'cancel' }],
      ['procedure', { record_id: 'procedure/P1', operation: 'cancel' }],
    ])
  })

  test.each([
    ['an unknown type of diagnosis', 'DG1|1||E119^x^I10|||Q', 'diagnosis DG1[1]-6 enum'],
    ['a diagnosis without a code', 'DG1|1|||text', 'diagnosis DG1[1]-3 required'],
    ['a code system that is not known', 'DG1|1||E119^x^NANDA', 'diagnosis DG1[1]-3-3 unknown-code-system'],
    ['a date that is none', 'DG1|1||E119^x^I10||20250230', 'diagnosis DG1[1]-5 timestamp'],
    ['an unknown action', `DG1|1||E119^x^I10${'|'.repeat(18)}Q`, 'diagnosis DG1[1]-21 enum'],
    ['a procedure without a code', 'PR1|1', 'procedure PR1[1]-3 required'],
  ])('%s is refused', (_name, segment, refused) => {
    expect(clinical(segment).refused).toEqual([refused])
  })
})

describe('results', () => {
  /** What is not null of the fields of the value. */
  const value = (message: string) =>
    accepted(message).map(([, record]) =>
      Object.fromEntries(
        Object.entries(record)
          .filter(([name, given]) => name.startsWith('value_') && given !== null)
          .map(([name, given]) => [name.slice('value_'.length), given]),
      ),
    )

  test('a number has code, unit, range, time, stay and an identifier of its order', () => {
    expect(accepted(oru(obx('NM', '13.5', { unit: 'g/dL', range: '12.0-16.0' }), 'NTE|1||hémolysé'))).toEqual([
      [
        'observation',
        {
          record_id: 'observation/FI1^LABO/58410-2/loinc/718-7/',
          record_version: Date.parse('2025-02-01T09:11:12Z'),
          operation: 'upsert',
          patient_ipp: '8000123',
          encounter_nda: 'NDA77',
          code_system: 'loinc',
          code: '718-7',
          code_source: 'http://loinc.org',
          effective_at: '2025-02-01T07:00:00.000Z',
          effective_precision: null,
          status: 'final',
          value_kind: 'quantity',
          value_number: 13.5,
          value_comparator: null,
          value_unit: 'g/dL',
          value_low: null,
          value_high: null,
          value_numerator: null,
          value_denominator: null,
          value_code: null,
          value_system: null,
          value_text: null,
          value_at: null,
          value_at_precision: null,
          value_time: null,
          reference_low: 12,
          reference_high: 16,
          comment: 'hémolysé',
        },
      ],
    ])
  })

  test.each([
    ['NM', '-.5', { kind: 'quantity', number: -0.5 }],
    ['SN', '^12', { kind: 'quantity', number: 12 }],
    ['SN', '=^12', { kind: 'quantity', number: 12 }],
    ['SN', '<^5', { kind: 'quantity', number: 5, comparator: '<' }],
    ['SN', '>=^5.5', { kind: 'quantity', number: 5.5, comparator: '>=' }],
    ['SN', '^10^-^20', { kind: 'range', low: 10, high: 20 }],
    ['SN', '^1^:^128', { kind: 'ratio', numerator: 1, denominator: 128 }],
    ['SN', '^1^/^128', { kind: 'ratio', numerator: 1, denominator: 128 }],
    ['ST', '<0.5', { kind: 'text', text: '<0.5' }],
    ['TX', 'a~b', { kind: 'text', text: 'a\nb' }],
    ['FT', 'l1\\.br\\l2 \\T\\ l3', { kind: 'text', text: 'l1\nl2 & l3' }],
    ['CE', 'POS^Positif^L', { kind: 'code', code: 'POS', system: 'other', text: 'Positif' }],
    ['CE', 'x^Positif^L^10828004^Positive^SCT', { kind: 'code', code: '10828004', system: 'snomed', text: 'Positif' }],
    ['CWE', '^^^^^^^^tel quel', { kind: 'text', text: 'tel quel' }],
    ['IS', 'NEG', { kind: 'code', code: 'NEG', system: 'other' }],
    ['DT', '202502', { kind: 'date', at: '2025-02-01T00:00:00.000Z', at_precision: 'month' }],
    ['TS', '20250201101112+0100', { kind: 'date', at: '2025-02-01T09:11:12.000Z' }],
    ['DTM', '202502011011', { kind: 'date', at: '2025-02-01T09:11:00.000Z', at_precision: 'minute' }],
    ['TM', '101112', { kind: 'time', time: '10:11:12' }],
  ])('%s %s', (type, given, expected) => {
    expect(value(oru(obx(type, given)))).toEqual([expected])
  })

  test.each([
    ['^10^-^20', { kind: 'range', low: 10, high: 20, unit: 'mg/L' }],
    ['<^5', { kind: 'quantity', number: 5, comparator: '<', unit: 'mg/L' }],
  ])('%s has the unit of OBX-6', (given, expected) => {
    expect(value(oru(obx('SN', given, { unit: 'mg/L' })))).toEqual([expected])
  })

  test('a day without a time has its precision', () => {
    const message = oru(obx('NM', '1')).replace('20250201080000', '20250201')
    expect(accepted(message)).toMatchObject([
      ['observation', { effective_at: '2025-02-01T00:00:00.000Z', effective_precision: 'day' }],
    ])
  })

  test('the lines of a text are one record', () => {
    expect(value(oru(obx('TX', 'ligne 1'), obx('TX', ''), obx('TX', 'ligne 3')))).toEqual([
      { kind: 'text', text: 'ligne 1\n\nligne 3' },
    ])
  })

  test.each([
    ['F', 'upsert', 'final'],
    ['U', 'upsert', 'final'],
    ['C', 'upsert', 'corrected'],
    ['D', 'cancel', null],
    ['W', 'cancel', null],
    ['P', 'upsert', 'preliminary'],
    ['R', 'upsert', 'preliminary'],
    ['S', 'upsert', 'preliminary'],
    ['I', 'upsert', 'registered'],
    ['O', 'upsert', 'registered'],
    ['X', 'upsert', 'cancelled'],
    ['N', 'upsert', 'cancelled'],
    ['B', 'upsert', 'unknown'],
    ['V', 'upsert', 'unknown'],
  ])('status %s is %s %s, of the same record', (given, operation, status) => {
    expect(accepted(oru(obx('NM', given === 'D' ? '' : '1', { status: given })))).toMatchObject([
      ['observation', { record_id: 'observation/FI1^LABO/58410-2/loinc/718-7/', operation, status }],
    ])
  })

  test.each(['P', 'R', 'S', 'I', 'O', 'X', 'N', 'B', 'V'])('status %s needs no value', (status) => {
    expect(value(oru(obx('', '', { status })))).toEqual([{}])
    expect(value(oru(obx('ST', '""', { status })))).toEqual([{}])
    expect(outcome(oru(obx('NM', 'x', { status }))).refused).toEqual(['observation OBX[1]-5 type'])
  })

  test.each([
    ['an unknown comparator', obx('SN', '<>^5'), 'observation OBX[1]-5-1 unmapped-value'],
    ['a comparator of a ratio', obx('SN', '>^1^:^128'), 'observation OBX[1]-5-1 unmapped-value'],
    ['a grade', obx('SN', '^2^+'), 'observation OBX[1]-5-4 unmapped-value'],
    ['another separator', obx('SN', '^2^.^3'), 'observation OBX[1]-5-3 unmapped-value'],
    ['half a range', obx('SN', '^^-^20'), 'observation OBX[1]-5-2 required'],
    ['a part that is no number', obx('SN', '^1^:^x'), 'observation OBX[1]-5-4 type'],
    ['a time of day without seconds', obx('TM', '1011'), 'observation OBX[1]-5 unmapped-value'],
    ['a final status without the value', obx('NM', '', { status: 'U' }), 'observation OBX[1]-11 unmapped-value'],
    ['two numbers', obx('NM', '1~2'), 'observation OBX[1]-5 unmapped-value'],
    ['a number with a comparator', obx('NM', '<5'), 'observation OBX[1]-5 type'],
    ['a decimal comma', obx('NM', '1,5'), 'observation OBX[1]-5 type'],
    ['a number beyond exact doubles', obx('NM', '1234567890.1234567'), 'observation OBX[1]-5 number-range'],
    ['no value', obx('NM', ''), 'observation OBX[1]-5 required'],
    ['a deleted value', obx('ST', '""'), 'observation OBX[1]-5 required'],
    ['a reference', obx('RP', 'http'), 'observation OBX[1]-2 unmapped-value'],
    ['a type that is a property of every object', obx('toString', '1'), 'observation OBX[1]-2 unmapped-value'],
    ['no type', obx('', '1'), 'observation OBX[1]-2 required'],
    ['no status', obx('NM', '1', { status: ' ' }).replace('| ', '|'), 'observation OBX[1]-11 required'],
    ['an unknown status', obx('NM', '1', { status: 'Q' }), 'observation OBX[1]-11 enum'],
    ['no code', obx('NM', '1', { code: '^x' }), 'observation OBX[1]-3 required'],
    ['an unknown code system', obx('NM', '1', { code: '1^x^XYZ' }), 'observation OBX[1]-3-3 unknown-code-system'],
    ['a date that is none', obx('DT', '20250230x'), 'observation OBX[1]-5 timestamp'],
  ])('%s is refused', (_name, segment, refused) => {
    expect(outcome(oru(segment))).toEqual({ records: [], refused: [refused] })
  })

  test('two results that nothing tells apart: the second is refused; a sub-identifier or an own identifier tells them apart', () => {
    expect(outcome(oru(obx('NM', '1'), obx('NM', '2'))).refused).toEqual(['observation OBX[2]-4 ambiguous-identifier'])
    expect(accepted(oru(obx('NM', '1', { sub: '1' }), obx('NM', '2', { sub: '2' }))).length).toBe(2)
    expect(
      accepted(oru(obx('NM', '1', { id: 'A' }), obx('NM', '2', { id: 'B^LABO' }))).map(
        ([, { record_id }]) => record_id,
      ),
    ).toEqual(['observation/A', 'observation/B^LABO'])
  })

  test('without an order, and outside of a stay, a result has no identifier', () => {
    expect(outcome(oru(obx('NM', '1')).replace('PL1^LABO|FI1^LABO', '|')).refused).toEqual([
      'observation OBR[1]-3 required',
    ])
    expect(outcome([msh('ORU^R01'), 'PID|1||X', obx('NM', '1')].join('\r')).refused).toEqual([
      'observation OBX[1]-21 required',
    ])
  })

  test('each patient of a message has his own; what shares documents in France is no result', () => {
    const second = [
      PID.replace('8000123', '8000999'),
      'OBR|1||FI2|x|||20250201080000',
      obx('NM', '2'),
      obx('CE', 'N', { code: 'MASQUE_PS^x^MetaDMPMSS' }),
    ]
    expect(
      accepted(oru(obx('NM', '1'), ...second)).map(([, record]) => [record.patient_ipp, record.value_number]),
    ).toEqual([
      ['8000123', 1],
      ['8000999', 2],
    ])
  })

  test('a message without a result', () => {
    expect(outcome(oru()).refused).toEqual(['observation OBX[1] required'])
  })

  test('a fault of the contract is placed in the message', () => {
    const [item] = itemsOf(oru(obx('NM', '1')))
    expect(
      item?.kind === 'decoded' && [
        item.pathOf?.('value_number'),
        item.pathOf?.('effective_at'),
        item.pathOf?.('nothing'),
        item.pathOf?.(''),
      ],
    ).toEqual(['OBX[1]-5', 'OBX[1]-14', undefined, undefined])
  })
})

describe('documents', () => {
  const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
  const ed = (kind: string, data: string, encoding = 'Base64') =>
    `OBX|1|ED|11502-2^CR biologie^LN||^${kind}^${encoding}^${data}||||||F|||20250201090000`
  const cda =
    '<ClinicalDocument><recordTarget>DUPONT</recordTarget><component><structuredBody><component><section><text>Bilan normal</text></section></component></structuredBody></component></ClinicalDocument>'

  test.each([
    ['a text', ed('TEXT^plain', base64('Compte rendu é')), 'Compte rendu é'],
    ['a text as it is', ed('text^', 'a \\T\\ b', 'A'), 'a & b'],
    ['a text in hex', ed('TEXT^PLAIN', Buffer.from('abc').toString('hex'), 'Hex'), 'abc'],
    ['the narrative of a CDA', ed('TEXT^XML', base64(cda)), 'Bilan normal'],
    [
      'a CDA in Latin-1',
      ed(
        'TEXT^XML',
        base64(Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${cda.replace('normal', 'allégé')}`, 'latin1')),
      ),
      'Bilan allégé',
    ],
  ])('%s of a result', (_name, segment, text) => {
    expect(accepted(oru(segment))).toEqual([
      [
        'document',
        expect.objectContaining({
          record_id: 'document/FI1^LABO/58410-2/loinc/11502-2/',
          kind_system: 'loinc',
          kind: '11502-2',
          authored_at: '2025-02-01T08:00:00.000Z',
          title: 'CR biologie',
          text,
          encounter_nda: 'NDA77',
        }),
      ],
    ])
  })

  test.each([
    ['a PDF', ed('application^pdf', base64('%PDF-1.7')), 'document OBX[1]-5-2 unmapped-value'],
    ['a PDF that calls itself a text', ed('TEXT^plain', base64('%PDF-1.7')), 'document OBX[1]-5-2 unmapped-value'],
    ['bytes that are no text', ed('TEXT^plain', base64(Buffer.from([1, 2, 3]))), 'document OBX[1]-5-2 unmapped-value'],
    ['a damaged Base64', ed('TEXT^plain', '@@@'), 'document OBX[1]-5-5 damaged-content'],
    ['an unknown encoding', ed('TEXT^plain', 'abc', 'uu'), 'document OBX[1]-5-5 damaged-content'],
    ['no content', ed('TEXT^plain', ''), 'document OBX[1]-5-5 required'],
  ])('%s is refused', (_name, segment, refused) => {
    expect(outcome(oru(segment)).refused).toEqual([refused])
  })

  test('T02 has type, author, time, title and the texts of its lines', () => {
    expect(accepted(mdm('T02', txa(), 'OBX|1|TX|||ligne 1', 'OBX|2|TX', 'OBX|3|FT|||ligne 3'))).toEqual([
      [
        'document',
        expect.objectContaining({
          record_id: 'document/DOC1^CHU-X',
          operation: 'upsert',
          kind: '11502-2',
          authored_at: '2025-02-01T08:15:00.000Z',
          author_rpps: '10003456789',
          title: 'CR biologie',
          text: 'ligne 1\n\nligne 3',
        }),
      ],
    ])
  })

  test.each([
    ['F', 'final'],
    ['C', 'amended'],
    ['P', 'preliminary'],
  ])('of a result of status %s is %s', (status, expected) => {
    const segment = ed('TEXT^plain', base64('x')).replace('|F|', `|${status}|`)
    expect(accepted(oru(segment))).toMatchObject([['document', { doc_status: expected }]])
  })

  test('that is not there yet is no document', () => {
    expect(outcome(oru(ed('TEXT^plain', '').replace('|F|', '|I|'))).refused).toEqual(['document OBX[1]-11 not-a-fact'])
  })

  test('that is dictated is preliminary, with its text or without', () => {
    expect(accepted(mdm('T02', txa('DI'), 'OBX|1|TX|||x'))).toMatchObject([
      ['document', { doc_status: 'preliminary', text: 'x', kind_source: 'http://loinc.org' }],
    ])
    expect(accepted(mdm('T02', txa('PA')))).toMatchObject([['document', { doc_status: 'preliminary', text: null }]])
  })

  test('T10 replaces, T11 and a withdrawn document cancel', () => {
    const operations = (message: string) => accepted(message).map(([, record]) => [record.record_id, record.operation])
    expect(operations(mdm('T10', txa('LA', 'DOC2', 'DOC1^CHU-X'), 'OBX|1|TX|||x'))).toEqual([
      ['document/DOC2^CHU-X', 'upsert'],
      ['document/DOC1^CHU-X', 'cancel'],
    ])
    expect(operations(mdm('T11', txa()))).toEqual([['document/DOC1^CHU-X', 'cancel']])
    expect(operations(mdm('T08', `${txa()}||CA`))).toEqual([['document/DOC1^CHU-X', 'cancel']])
  })

  test.each([
    ['of an unknown status', mdm('T02', txa('Q'), 'OBX|1|TX|||x'), 'document TXA[1]-17 enum'],
    ['without a status', mdm('T02', txa(''), 'OBX|1|TX|||x'), 'document TXA[1]-17 required'],
    [
      'without an identifier',
      mdm('T02', txa().replace('DOC1^CHU-X', ''), 'OBX|1|TX|||x'),
      'document TXA[1]-12 required',
    ],
    ['without a text', mdm('T02', txa()), 'document OBX[1]-5 required'],
    [
      'half of which is a PDF',
      mdm('T02', txa(), 'OBX|1|TX|||x', ed('application^pdf', base64('%PDF'))),
      'document OBX[2]-5-2 unmapped-value',
    ],
    ['without a TXA', [msh('MDM^T02'), PID].join('\r'), 'document TXA[1] required'],
    ['only announced', mdm('T01', txa()), '- MSH[1]-9-2 unmapped-message'],
  ])('a document %s is refused', (_name, message, refused) => {
    expect(outcome(message).refused.at(-1)).toBe(refused)
  })
})

describe('versions', () => {
  const version = (sent: string) =>
    outcome(adt('A31').replace('|20250201101112|', `|${sent}|`)).records[0]?.[1].record_version

  test('are the time of the message; without one that can be used, the time of receipt', () => {
    expect(version('20250201101112+0000')).toBe(Date.parse('2025-02-01T10:11:12Z'))
    const received = Date.parse('2025-03-01T12:00:00Z')
    expect(['', '20250201', 'x', '20260101000000'].map(version)).toEqual([received, received, received, received])
  })
})

test('a field with a value that no mapping reads is told by its place, once for each segment', () => {
  const paths: string[] = []
  const message = oru(
    `${obx('NM', '1', { sub: '1' }).replace('||||F', '|H|||F')}`,
    obx('NM', '2', { sub: '2' }).replace('||||F', '|L|||F'),
    'ZFA|x',
    'SPM|""',
  )
  itemsOf([message, msh('SIU^S12'), 'ZZZ|1'].join('\r'), {}, (path) => paths.push(path))
  expect(paths).toEqual(['OBX-8', 'OBX-8', 'ZFA-1'])
})

test('a segment that HL7 does not have is told as other: its name was chosen by the sender, and could be one of a person', () => {
  const paths: string[] = []
  itemsOf(oru(obx('NM', '1'), 'LEA|MARTIN', 'ZOE|x', 'ZFA|x', 'NK1||x'), {}, (path) => paths.push(path))
  expect(paths).toEqual(['other', 'other', 'ZFA-1', 'NK1-2'])
})

test('the messages of a body are read one by one: one that is damaged harms no other', () => {
  const body = [adt('A28'), 'MSH|^~\\&|damaged', adt('A17'), adt('A31')].join('\r')
  expect(itemsOf(body).map((item) => [item.index, item.kind])).toEqual([
    [0, 'decoded'],
    [1, 'undecodable'],
    [2, 'undecodable'],
    [3, 'decoded'],
  ])
})

test.each([
  ['a sex', adt('A28').replace('19790315|F', '19790315|X'), ['F', 'M', 'O', 'A', 'U', 'N']],
  ['a date of birth', adt('A28').replace('19790315|F', '31021979|F'), ['YYYY[MM[DD]]']],
  ['a time', oru('OBX|1|ST|1^x^L||x||||||F|||2025023'), ['YYYY[MM[DD[HH[MM[SS[.SSSS]]]]]][+/-ZZZZ]']],
  ['a day of death', adt('A28').replace('||||||||||||||VALI', '|||||||||||2025021|Y||VALI'), ['YYYY[MM[DD]]']],
  ['an action', adt('A02', PV1, zbe('INSRT')), ['INSERT', 'UPDATE', 'CANCEL']],
  ['an event', adt('A17'), expect.arrayContaining(['A01', 'A31'])],
  ['a number', oru('OBX|1|NM|1^x^L||1,5||||||F'), ["a number, with '.' before its decimals"]],
  ['a type of result', oru('OBX|1|RP|1^x^L||1,5||||||F'), expect.arrayContaining(['NM', 'ED'])],
  ['a status', oru('OBX|1|NM|1^x^L||1.5||||||Q'), expect.arrayContaining(['F', 'C', 'P'])],
  ['a code system', oru('OBX|1|NM|1^x^XYZ||1.5||||||F'), expect.arrayContaining(['LN', 'L', '99...'])],
  ['a set of characters', adt('A28').replace('UNICODE UTF-8', 'UNICODE'), expect.arrayContaining(['8859/15'])],
  ['a version', adt('A28').replace('2.5^FRA^2.11', '3.0'), expect.arrayContaining(['2.3', '2.8'])],
  ['a processing id', adt('A28').replace('|MSG1|P|', '|MSG1|T|'), ['P']],
])('what %s may be is said in the words of HL7', (_name, message, allowed) => {
  const refused = itemsOf(message).flatMap((item) => (item.kind === 'undecodable' ? [item] : []))
  expect(refused.length).toBeGreaterThan(0)
  for (const item of refused) expect(item.allowed).toEqual(allowed)
})

describe('a merge', () => {
  const sides = (message: string) =>
    accepted(message).map(([feed, record]) => [
      feed,
      record.operation,
      record.patient_ipp,
      record.other_ipp,
      record.role,
      record.record_id,
    ])

  test('is a record of each of the two patients, and no identity', () => {
    const ids = ['same/7/8000123/8000999', 'same/7/8000999/8000123']
    expect(sides(merge('A40'))).toEqual([
      ['patient_merge', 'upsert', '8000123', '8000999', 'survivor', ids[0]],
      ['patient_merge', 'upsert', '8000999', '8000123', 'prior', ids[1]],
    ])
    expect(sides(merge('A47'))).toEqual(sides(merge('A40')))
    expect(sides(merge('A24')).map(([, operation, own, , role, id]) => [operation, own, role, id])).toEqual([
      ['upsert', '8000123', 'linked', ids[0]],
      ['upsert', '8000999', 'linked', ids[1]],
    ])
    const [record] = accepted(merge('A40'))[0]?.slice(1) ?? []
    expect(record).toMatchObject({
      record_version: Date.parse('2025-02-01T09:11:12Z'),
      stated_at: '2025-02-01T09:10:00.000Z',
    })
  })

  test('is undone by A37, by the link the other way round, and by a ZBE that cancels, under the same identifiers', () => {
    const ids = new Set(sides(merge('A40')).map((side) => side.at(-1)))
    const swapped = [msh('ADT^A37'), EVN, 'PID|1||8000999^^^CHU-X^PI', PID].join('\r')
    for (const message of [merge('A37'), swapped, merge('A40', zbe('CANCEL'))]) {
      expect(sides(message).map(([, operation]) => operation)).toEqual(['cancel', 'cancel'])
      expect(new Set(sides(message).map((side) => side.at(-1)))).toEqual(ids)
    }
    expect(sides(merge('A37', zbe('INSERT'))).map(([, operation]) => operation)).toEqual(['cancel', 'cancel'])
    expect(sides(merge('A40', zbe('INSERT'))).map(([, operation]) => operation)).toEqual(['upsert', 'upsert'])
  })

  test('may be several in one message, of several patients and of several numbers', () => {
    const second = 'PID|2||1^^^CHU-X^PI'
    expect(sides(merge('A40', second, 'MRG|2^^^CHU-X^PI', 'MRG|3^^^CHU-X^PI')).map((side) => side.slice(2, 4))).toEqual(
      [
        ['8000123', '8000999'],
        ['8000999', '8000123'],
        ['1', '2'],
        ['2', '1'],
        ['1', '3'],
        ['3', '1'],
      ],
    )
  })

  test('has identifiers that no characters of a number make equal', () => {
    const of = (own: string, other: string) =>
      accepted([msh('ADT^A40'), EVN, `PID|1||${own}^^^X^PI`, `MRG|${other}^^^X^PI`].join('\r')).map(
        ([, { record_id: id }]) => id,
      )
    expect(of('a/b', 'c')).not.toEqual(of('a', 'b/c'))
    expect(new Set([...of('1', '1/1'), ...of('1/1', '1'), ...of('11', '1')]).size).toBe(4)
  })

  test.each([
    ['without the other number', [PID, 'MRG|'], ['patient_merge MRG[1]-1 required']],
    ['without MRG', [PID, 'PV1|1|N'], ['patient_merge MRG[1]-1 required']],
    ['without PID', ['MRG|1^^^CHU-X^PI'], ['patient_merge PID[1]-3 required']],
    ['of one number', [PID, 'MRG|8000123^^^CHU-X^PI'], ['patient_merge MRG[1]-1 same-identifier']],
    ['of two authorities', [PID, 'MRG|8000999^^^CHU-Y^PI'], ['patient_merge MRG[1]-1 other-authority']],
    [
      'of several numbers of one type',
      [PID, 'MRG|1^^^CHU-X^PI~2^^^CHU-X^PI'],
      ['patient_merge MRG[1]-1 ambiguous-identifier'],
    ],
    [
      'of an INS alone',
      [PID, 'MRG|279035121518989^^^&1.2.250.1.213.1.4.10&ISO^INS'],
      ['patient_merge MRG[1]-1 required'],
    ],
    [
      'with a movement that says nothing',
      [PID, 'MRG|1^^^CHU-X^PI', 'ZBE|1|20250131093000'],
      ['patient_merge ZBE[1]-4 required'],
    ],
  ])('%s is refused', (_name, segments, refused) => {
    expect(outcome([msh('ADT^A40'), EVN, ...segments].join('\r'))).toEqual({ records: [], refused })
  })

  test('a link needs two patients, and no third', () => {
    const other = 'PID|2||8000999^^^CHU-X^PI'
    const link = (...pids: readonly string[]) => outcome([msh('ADT^A24'), EVN, ...pids].join('\r')).refused
    expect(link(PID)).toEqual(['patient_merge PID[2]-3 required'])
    expect(link()).toEqual(['patient_merge PID[1]-3 required'])
    expect(link(PID, other, other)).toEqual(['patient_merge PID[3]-3 ambiguous-identifier'])
    expect(link(PID, PID)).toEqual(['patient_merge PID[2]-3 same-identifier'])
  })
})

describe('what was given', () => {
  test('an administration has its drug, amount, times and completion, and is of the order', () => {
    const [[feed, record] = []] = accepted(given('RAS^O17', ADMINISTERED, 'RXR|PO', 'NTE|1||vu'))
    expect([feed, record]).toEqual([
      'medication',
      {
        record_id: 'administration/PL7^CPOE/1/2',
        record_version: Date.parse('2025-02-01T09:11:12Z'),
        operation: 'upsert',
        patient_ipp: '8000123',
        encounter_nda: 'NDA77',
        kind: 'administration',
        code_system: 'atc',
        code: 'N02BE01',
        code_source: 'http://www.whocc.no/atc',
        started_at: '2025-02-01T11:00:00.000Z',
        started_precision: null,
        ended_at: '2025-02-01T11:05:00.000Z',
        ended_precision: null,
        status: 'completed',
        quantity: 500,
        quantity_unit: 'mg',
        route: 'PO',
        dosage_text: 'à jeun\nvu',
      },
    ])
  })

  test('what was not done is told, an amount of 999 is none, D cancels, and what the order says beside it is not read again', () => {
    const of = (rxa: string, ...more: readonly string[]) =>
      accepted(given('RAS^O17', ...more, rxa)).map(([, record]) => record)
    expect(of(ADMINISTERED.replace('|CP|', '|RE|'))).toMatchObject([{ status: 'not_done' }])
    expect(of(ADMINISTERED.replace('|CP|', '||'))).toMatchObject([{ status: null }])
    expect(of(ADMINISTERED.replace('|500|', '|999|'))).toMatchObject([{ quantity: null, quantity_unit: 'mg' }])
    expect(of(ADMINISTERED.replace('|CP|A', '|CP|D'))).toMatchObject([{ operation: 'cancel' }])
    expect(of(ADMINISTERED, 'RXO|N02BE01^x^ATC|1|2|g', 'RXR|IV', 'RXE||N02BE01^x^ATC|1')).toMatchObject([
      { quantity: 500, route: null },
    ])
    const untold = ADMINISTERED.replace('RXA|1|2|', 'RXA|1|0|')
    expect(of(untold)).toMatchObject([{ record_id: 'administration/PL7^CPOE/1/20250201120000' }])
  })

  test('several under one order, with their results; a dispense has its amount and no completion', () => {
    const second = ADMINISTERED.replace('RXA|1|2|', 'RXA|1|3|')
    const obx = 'OBX|1|NM|29463-7^x^LN||71.5|kg|||||F|||20250201080000'
    const records = accepted(given('RAS^O17', ADMINISTERED, 'RXR|PO', second, 'RXR|IV', obx))
    expect(records.map(([feed, { record_id: id, route }]) => [feed, feed === 'medication' ? id : '', route])).toEqual([
      ['medication', 'administration/PL7^CPOE/1/2', 'PO'],
      ['medication', 'administration/PL7^CPOE/1/3', 'IV'],
      ['observation', '', undefined],
    ])
    expect(accepted(given('RDS^O13', DISPENSED)).map(([, record]) => record)).toMatchObject([
      {
        ...{ record_id: 'dispense/PL7^CPOE/3', kind: 'dispense', status: null, ended_at: null },
        ...{ quantity: 12, quantity_unit: 'TAB', started_at: '2025-02-01T10:30:00.000Z' },
        dosage_text: 'retirer la notice',
      },
    ])
  })

  test.each([
    ['twice the same', [ADMINISTERED, ADMINISTERED], ['medication RXA[2]-1 ambiguous-identifier']],
    ['an unknown completion', [ADMINISTERED.replace('|CP|', '|XX|')], ['medication RXA[1]-20 enum']],
    ['an unknown action', [ADMINISTERED.replace('|CP|A', '|CP|Q')], ['medication RXA[1]-21 enum']],
    ['no drug', [ADMINISTERED.replace('N02BE01^Paracétamol^ATC', '')], ['medication RXA[1]-5 required']],
    ['no time', [ADMINISTERED.replace('20250201120000', '')], ['medication RXA[1]-3 required']],
    ['no number', [ADMINISTERED.replace('|500|', '|1/2|')], ['medication RXA[1]-6 type']],
    [
      'a code system that nobody knows',
      [ADMINISTERED.replace('ATC', 'XYZ')],
      ['medication RXA[1]-5-3 unknown-code-system'],
    ],
    ['nothing given', ['RXR|PO'], ['medication RXA[1] required']],
  ])('%s is refused', (_name, segments, refused) => {
    expect(outcome(given('RAS^O17', ...segments)).refused).toEqual(refused)
  })

  test('without an order, a number of it, or in another message, nothing is taken', () => {
    const none = [msh('RAS^O17'), PID, PV1, ADMINISTERED].join('\r')
    expect(outcome(none)).toMatchObject({ records: [], refused: ['- ORC[1] required'] })
    expect(outcome(given('RAS^O17', ADMINISTERED).replace('|PL7^CPOE|FI7^PHARM', ''))).toMatchObject({
      records: [],
      refused: ['medication ORC[1]-2 required'],
    })
    expect(outcome(given('RDS^O13', ADMINISTERED)).refused).toEqual(['medication RXD[1] required'])
    expect(outcome(given('RDE^O11', 'RXE||N02BE01^x^ATC|1')).refused).toEqual(['- MSH[1]-9 unmapped-message'])
  })
})
