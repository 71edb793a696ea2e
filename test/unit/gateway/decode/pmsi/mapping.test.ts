/** VID-HOSP and grouped RSS: what becomes of each line, whose it is, and where errors are. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rum, vidHosp } from '../../../../helpers/pmsi-lines.ts'
import { outcome, RECEIVED_AT } from './lines.ts'

const fieldsOf = (lines: readonly string[], feed: string) =>
  outcome(lines)
    .records.filter(([name]) => name === feed)
    .map(([, record]) => record)

describe('VID-HOSP', () => {
  test('is the identity of the patient; the number of the insured is not', () => {
    const { records, refused } = outcome([vidHosp({ 1: '155061234567822', 374: '279031234567811' })])
    expect([records, refused]).toEqual([
      [
        [
          'patient',
          {
            record_id: 'vid-hosp/8000123',
            record_version: RECEIVED_AT,
            operation: 'upsert',
            patient_ipp: '8000123',
            ins: '279031234567811',
            nir: '279031234567811',
            birth_date: '1979-03-15',
            birth_partial: null,
            birth_precision: null,
            sex: 'female',
            updated_at: '2026-03-01T12:00:00.000Z',
          },
        ],
      ],
      [],
    ])
    expect(JSON.stringify(records)).not.toContain('155061234567822')
  })

  test.each([
    [
      'a day that is not known',
      { 20: '00031979' },
      { birth_date: null, birth_partial: '1979-03-01', birth_precision: 'month' },
    ],
    [
      'a month that is not known',
      { 20: '00001979' },
      { birth_date: null, birth_partial: '1979-01-01', birth_precision: 'year' },
    ],
    ['no number of the patient', { 62: ' '.repeat(15) }, { nir: null, ins: null }],
    ['numbers of zeros', { 62: '0'.repeat(15), 374: '0'.repeat(15) }, { nir: null, ins: null }],
    ['sex 1', { 28: '1' }, { sex: 'male' }],
    ['sex 3', { 28: '3' }, { sex: 'unknown' }],
  ])('%s', (_name, more, expected) => {
    expect(fieldsOf([vidHosp(more)], 'patient')).toMatchObject([expected])
  })

  test.each([
    ['no IPP', { 354: ' '.repeat(20) }, '0 VID-HOSP columns 354-373 required'],
    ['a day that is none', { 20: '31021979' }, '0 VID-HOSP columns 20-27 date DDMMYYYY'],
    ['the order of other dates', { 20: '19790315' }, '0 VID-HOSP columns 20-27 date DDMMYYYY'],
    ['another sex', { 28: '9' }, '0 VID-HOSP column 28 enum 1 2 3'],
    ['a birth that is to come', { 20: '15032079' }, '0 VID-HOSP columns 20-27 birth-not-in-future'],
    ['another version', { 49: 'V014' }, '0 VID-HOSP columns 49-52 unsupported-format V015'],
    ['a number of zones that is none', { 467: ' 1' }, '0 VID-HOSP columns 467-468 type'],
    ['fewer zones than it says', { 467: '02' }, '0  line-length'],
  ])('%s is refused', (_name, more, expected) => {
    expect(outcome([vidHosp(more)])).toMatchObject({ records: [], refused: [expected] })
  })
})

describe('an RSS', () => {
  test('is a stay in each unit, with its diagnoses and acts; a RUM has its rank, wherever its line is', () => {
    const second = rum(
      { 68: '2', 87: '4120', 93: '05022026', 101: '6', 102: '1', 103: '09022026', 111: '8', 141: 'E119', 149: 'I10' },
      { associated: ['Z9588', 'B24+0'], documentary: ['Z8500'] },
    )
    const first = rum(
      { 103: '05022026', 111: '6', 112: '1', 157: '034', 184: '1', 185: '5', 179: '2' },
      {
        acts: [
          { code: 'DDQH009', extension: '-02', quantity: '02' },
          { code: 'DEQP003', activity: '4', phase: '1' },
        ],
      },
    )
    const { records, refused, unmapped } = outcome([second, vidHosp(), first])
    expect([refused, unmapped.filter((place) => place.startsWith('RSS'))]).toEqual([[], []])
    const id = '750712184/NDA77/4711'
    const common = { record_version: RECEIVED_AT, operation: 'upsert', patient_ipp: '8000123', encounter_nda: 'NDA77' }
    const day = (date: string) => ({ recorded_at: `${date}T00:00:00Z`, recorded_precision: 'day' })
    expect(records.filter(([feed]) => feed !== 'patient')).toEqual([
      ['pmsi_stay', expect.objectContaining({ record_id: `${id}/2`, unit_rank: 2, unit_count: 2, care_unit: '4120' })],
      ...[
        ['DP', 'E119', 'principal'],
        ['DR', 'I10', 'related'],
        ['DAS1', 'Z9588', 'associated'],
        ['DAS2', 'B24+0', 'associated'],
        ['DAD1', 'Z8500', 'documentary'],
      ].map(([name, code, kind]) => [
        'diagnosis',
        { record_id: `${id}/2/${name}`, ...common, code_system: 'cim10', code, kind, ...day('2026-02-09') },
      ]),
      [
        'pmsi_stay',
        {
          ...common,
          record_id: `${id}/1`,
          rss_number: id,
          unit_rank: 1,
          unit_count: 2,
          stay_entered_on: '2026-02-03',
          stay_left_on: '2026-02-09',
          entered_on: '2026-02-03',
          left_on: '2026-02-05',
          finess: '750712184',
          ghm: '05M092',
          grouping_version: '11',
          grouping_code: '000',
          care_unit: '3110',
          dedicated_bed: null,
          admission_mode: '8',
          admission_from: null,
          discharge_mode: '6',
          discharge_to: '1',
          residence_code: '69003',
          birth_weight_g: null,
          gestational_weeks: null,
          sessions: null,
          principal_diagnosis: 'I500',
          related_diagnosis: null,
          igs2: 34,
          unscheduled: true,
          emergency_unit: '5',
          enhanced_recovery: false,
        },
      ],
      [
        'diagnosis',
        {
          record_id: `${id}/1/DP`,
          ...common,
          code_system: 'cim10',
          code: 'I500',
          kind: 'principal',
          ...day('2026-02-05'),
        },
      ],
      ...[
        [1, 'DDQH009-02', '1', '0', 2],
        [2, 'DEQP003', '4', '1', 1],
      ].map(([number, code, activity, phase, quantity]) => [
        'procedure',
        {
          record_id: `${id}/1/A${number}`,
          ...common,
          code_system: 'ccam',
          code,
          performed_at: '2026-02-04T00:00:00Z',
          performed_precision: 'day',
          care_unit: '3110',
          activity,
          phase,
          quantity,
        },
      ]),
    ])
  })

  const identity = vidHosp()
  test.each([
    ['without its line of VID-HOSP', [vidHosp({ 29: 'NDA78' }), rum()], ['1 RSS columns 48-67 unresolved-stay']],
    [
      'whose line of VID-HOSP is refused',
      [vidHosp({ 49: 'V014' }), rum()],
      ['0 VID-HOSP columns 49-52 unsupported-format V015', '1 RSS columns 48-67 unresolved-stay'],
    ],
    [
      'whose line of VID-HOSP has no IPP',
      [vidHosp({ 354: ' '.repeat(20) }), rum()],
      ['0 VID-HOSP columns 354-373 required', '1 RSS columns 48-67 unresolved-stay'],
    ],
    [
      'with two lines of VID-HOSP of different patients',
      [identity, vidHosp({ 354: '8000999' }), rum()],
      ['2 RSS columns 48-67 ambiguous-identifier'],
    ],
    ['of another birth date', [identity, rum({ 78: '16031979' })], ['1 RSS columns 78-85 identity-mismatch']],
    ['of another sex', [identity, rum({ 86: '1' })], ['1 RSS column 86 identity-mismatch']],
    [
      'with a RUM twice',
      [identity, rum(), rum()],
      ['1 RSS columns 28-47 incomplete-rss', '2 RSS columns 68-77 duplicate-rum'],
    ],
    [
      'of which one line is refused',
      [identity, rum(), rum({ 68: '2', 93: '32022026' })],
      ['1 RSS columns 28-47 incomplete-rss', '2 RSS columns 93-100 date DDMMYYYY'],
    ],
    [
      'of which one line is cut',
      [identity, rum(), rum({ 68: '2' }).slice(0, 200)],
      ['1 RSS columns 28-47 incomplete-rss', '2  line-length'],
    ],
    [
      'that is not grouped',
      [identity, `${rum().slice(15)}${' '.repeat(15)}`],
      ['1 RSS columns 10-12 unsupported-format 123'],
    ],
    ['of 2025', [identity, rum({ 10: '122', 25: '022' })], ['1 RSS columns 10-12 unsupported-format 123']],
    ['with another version of the RUM', [identity, rum({ 25: '022' })], ['1 RSS columns 25-27 unsupported-format 023']],
    [
      'with more zones than it says',
      [identity, rum({ 134: '01' }, { associated: ['I10', 'E119'] })],
      ['1  line-length'],
    ],
    ['without its number', [identity, rum({ 28: ' '.repeat(20) })], ['1 RSS columns 28-47 required']],
    ['that leaves before it enters', [identity, rum({ 103: '02022026' })], ['1 RSS columns 103-110 left-after-entry']],
    ['a line of another file', [identity, 'NDA'], ['1  malformed-pmsi']],
  ])('%s is refused', (_name, lines, expected) => {
    const { records, refused } = outcome(lines)
    expect(refused).toEqual(expected)
    expect(records.map(([feed]) => feed)).not.toContain('pmsi_stay')
  })

  test.each([
    [
      'no principal diagnosis',
      { 141: ' '.repeat(8) },
      {},
      ['1 RSS columns 141-148 required', '1 RSS columns 141-148 required'],
    ],
    [
      'a code of another form',
      { 141: 'DUPONT' },
      {},
      ['1 RSS columns 141-148 guard-principal-diagnosis', '1 RSS columns 141-148 cim10-form'],
    ],
    ['an associated diagnosis that is empty', {}, { associated: ['I10', ''] }, ['1 RSS columns 214-221 required']],
    [
      'an associated diagnosis of another form',
      {},
      { associated: ['I10', 'DUPONT'] },
      ['1 RSS columns 214-221 cim10-form'],
    ],
    [
      'an act without a date',
      {},
      { associated: ['I10'], acts: [{ code: 'DDQH009', date: ' '.repeat(8) }] },
      ['1 RSS columns 214-221 required'],
    ],
    [
      'an act of another form',
      {},
      { acts: [{ code: 'DDQH009' }, { code: 'DUPONT1' }] },
      ['1 RSS columns 246-252 ccam-form'],
    ],
    ['a number that is none', { 157: 'abc' }, {}, ['1 RSS columns 157-159 type']],
    ['another yes or no', { 179: '3' }, {}, ['1 RSS column 179 enum 1 2']],
  ])('%s is refused at its place, and the rest is taken', (_name, more, zones, expected) => {
    const { records, refused } = outcome([identity, rum(more, zones)])
    expect(refused).toEqual(expected)
    expect(records.map(([feed]) => feed)).toContain(expected.length > 1 ? 'patient' : 'diagnosis')
    expect(JSON.stringify(refused)).not.toContain('DUPONT')
  })

  test('places that no mapping reads are counted, with those of acts; zeros and padding are not', () => {
    const { unmapped } = outcome([
      vidHosp({ 397: 'DURAND', 86: '0000' }),
      rum({ 124: '01012026', 178: '2' }, { acts: [{ code: 'DDQH009' }] }).replace(/.{7}$/, 'A 2    '),
    ])
    expect(unmapped).toEqual([
      ...['1-15', '53-61', '397-421', '469-518'].map((columns) => `VID-HOSP columns ${columns}`),
      'RSS columns 124-131',
      'RSS column 178',
      'RSS act column 26',
    ])
  })
})

test('UTF-8 and ISO 8859-1 have the same columns, and a byte order mark and empty lines are none', () => {
  const text = [vidHosp({ 397: 'LEFÈVRE', 422: 'ZOÉ' }), '', rum({ 163: 'É' })].join('\r\n')
  const ofUtf8 = outcome(Buffer.from(`\uFEFF${text}\n\n`))
  expect(ofUtf8.refused).toEqual([])
  expect(ofUtf8.records.map(([feed]) => feed)).toEqual(['patient', 'pmsi_stay', 'diagnosis'])
  expect(outcome(Buffer.from(text, 'latin1'))).toEqual(ofUtf8)
})

test('what does not begin with a line of the PMSI is refused as a whole', () => {
  expect(() => outcome(['patient;date'])).toThrow(/must begin with a line of VID-HOSP/)
})

test('each line that is written is the record that it says, in any order', () => {
  const code = fc.constantFrom('I500', 'E119', 'Z8500', 'B24+0')
  const day = fc.integer({ min: 1, max: 28 })
  const one = fc.record({
    entry: day,
    nights: fc.integer({ min: 0, max: 30 }),
    associated: fc.array(code, { maxLength: 99 }),
    documentary: fc.array(code, { maxLength: 5 }),
    acts: fc.array(fc.record({ code: fc.constantFrom('DDQH009', 'DEQP003'), activity: fc.constantFrom('1', '4') }), {
      maxLength: 20,
    }),
  })
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), fc.boolean(), (rums, reversed) => {
      const date = (of: number) => new Date(Date.UTC(2026, 0, of)).toISOString().slice(0, 10)
      const written = (of: number) => date(of).split('-').toReversed().join('')
      const lines = rums.map(({ entry, nights, ...zones }, at) =>
        rum({ 68: String(at), 93: written(entry), 103: written(entry + nights) }, zones),
      )
      const { records, refused } = outcome(reversed ? [vidHosp(), ...lines].toReversed() : [vidHosp(), ...lines])
      expect(refused).toEqual([])
      const stays = records.filter(([feed]) => feed === 'pmsi_stay').map(([, record]) => record)
      const byNumber = new Map(stays.map((stay) => [String(stay.record_id).split('/').at(-1), stay]))
      expect(stays.map(({ unit_rank }) => Number(unit_rank)).toSorted((a, b) => a - b)).toEqual(
        rums.map((_, at) => at + 1),
      )
      for (const [at, { entry, nights }] of rums.entries())
        expect(byNumber.get(String(at))).toMatchObject({
          entered_on: date(entry),
          left_on: date(entry + nights),
          stay_entered_on: date(Math.min(...rums.map((it) => it.entry))),
          stay_left_on: date(Math.max(...rums.map((it) => it.entry + it.nights))),
          unit_count: rums.length,
        })
      const counts = (feed: string, kind?: string) =>
        records.filter(([name, record]) => name === feed && (kind === undefined || record.kind === kind)).length
      const sum = (of: (it: (typeof rums)[number]) => number) => rums.reduce((total, it) => total + of(it), 0)
      expect([
        counts('diagnosis', 'associated'),
        counts('diagnosis', 'documentary'),
        counts('procedure'),
        new Set(records.map(([, { record_id }]) => record_id)).size,
      ]).toEqual([
        sum((it) => it.associated.length),
        sum((it) => it.documentary.length),
        sum((it) => it.acts.length),
        records.length,
      ])
    }),
    { numRuns: 40 },
  )
})
