/** A DICOM file as a record of `imaging`: each way to write it is the same record, and what cannot be read is named by tag and rule. */
import { describe, expect, test } from 'vitest'
import { CHARSET_NAMES, decoderOf } from '../../../../../services/gateway/decode/dicom/charset.ts'
import { dicomFile, type Elements, SYNTAX, slice } from '../../../../helpers/dicom-file.ts'
import { ofSlice, outcome, RECEIVED_AT } from './files.ts'

const RECORD = {
  record_id: '1.2.826.0.1.3680043.8.498.1',
  record_version: RECEIVED_AT,
  operation: 'upsert',
  patient_ipp: '8000123',
  encounter_nda: 'NDA77',
  study_uid: '1.2.826.0.1.3680043.8.498.2',
  series_uid: '1.2.826.0.1.3680043.8.498.3',
  accession_number: 'A-2025-7',
  acquired_at: '2025-02-01T07:01:02.123Z',
  acquired_precision: null,
  acquired_from: 'acquisition',
  study_at: '2025-02-01T06:59:00.000Z',
  study_precision: 'minute',
  modality: 'CT',
  body_part: 'CHEST',
  laterality: null,
  view_position: null,
  patient_position: 'HFS',
  sop_class: '1.2.840.10008.5.1.4.1.1.2',
  transfer_syntax: SYNTAX.explicit as string,
  photometric_interpretation: 'MONOCHROME2',
  pixel_origin: 'ORIGINAL',
  burned_in_annotation: null,
  recognizable_features: null,
  burned_in_risk: 'unusual',
  series_number: 2,
  instance_number: 17,
  rows: 2,
  columns: 2,
  frames: null,
  samples_per_pixel: 1,
  bits_allocated: 16,
  bits_stored: 12,
  row_spacing_mm: 0.7,
  column_spacing_mm: 0.8,
  slice_thickness_mm: 1.25,
  slice_spacing_mm: null,
  kvp: 120,
  tube_current_ma: 210,
  exposure_time_ms: 500,
  exposure_mas: 105,
  dose_area_product: null,
  ctdi_vol_mgy: 7.5,
  repetition_time_ms: null,
  echo_time_ms: null,
  flip_angle_deg: null,
  field_strength_t: null,
  study_description: 'TDM thorax injecté',
  series_description: 'Parenchyme 1 mm',
  protocol_name: 'Thorax',
}
const SEQUENCE: Elements = {
  '(0008,1140)': ['SQ', [{ '(0008,1150)': ['UI', '1.2.3'] }, { '(0008,1150)': ['UI', '1.2.4'] }]],
}

describe('a file', () => {
  test.each(
    Object.values(SYNTAX).flatMap((syntax) =>
      [false, true].map((undefinedLengths) => [syntax, undefinedLengths] as const),
    ),
  )('of syntax %s is this record (undefined lengths: %s)', (syntax, undefinedLengths) => {
    const { records, refused, unmapped } = ofSlice(SEQUENCE, { syntax, undefinedLengths })
    expect(refused).toEqual([])
    expect(records).toEqual([{ ...RECORD, transfer_syntax: syntax }])
    expect(unmapped.toSorted()).toEqual(['(0008,0070)', '(0008,1140)', '(0010,0010)', '(0010,0030)', 'private'])
  })

  test('without its pixels, cut before them, is the same record', () => {
    const whole = dicomFile(slice())
    const cut = whole.subarray(0, whole.indexOf('pixels!!') - 12)
    expect(outcome([{ file: cut }]).records).toEqual([RECORD])
  })

  test('has elements of representations that are newer than the reader, and values that are longer than what is read', () => {
    const { records } = ofSlice({
      '(0008,040C)': ['UV', Buffer.alloc(8, 1)],
      '(0008,0300)': ['OB', Buffer.alloc(5000, 1)],
      '(7FE0,0001)': ['OV', Buffer.alloc(16)],
    })
    expect(records).toEqual([RECORD])
  })

  test('of several frames has its measures among those that all frames share; those of single frames are not read', () => {
    const measures: Elements = { '(0018,0050)': ['DS', '3'], '(0028,0030)': ['DS', '0.5\\0.6'] }
    const { records } = ofSlice({
      '(0018,0050)': undefined,
      '(0028,0030)': undefined,
      '(0028,0008)': ['IS', '40'],
      '(5200,9229)': ['SQ', [{ '(0028,9110)': ['SQ', [measures]] }]],
      '(5200,9230)': ['SQ', Array.from({ length: 5000 }, () => measures)],
    })
    expect(records).toEqual([
      { ...RECORD, frames: 40, slice_thickness_mm: 3, row_spacing_mm: 0.5, column_spacing_mm: 0.6 },
    ])
  })
})

describe('a time', () => {
  const none = { '(0008,0022)': undefined, '(0008,0032)': undefined }
  test.each<[string, Readonly<Record<string, Elements[string] | undefined>>, object]>([
    [
      'of the acquisition, with its own offset',
      { '(0008,002A)': ['DT', '20250201080102.5-0500'] },
      { acquired_at: '2025-02-01T13:01:02.500Z' },
    ],
    [
      'in the zone of the file',
      { '(0008,0201)': ['SH', '+0000'] },
      { acquired_at: '2025-02-01T08:01:02.123Z', study_at: '2025-02-01T07:59:00.000Z' },
    ],
    [
      'of the content',
      { ...none, '(0008,0023)': ['DA', '20250201'], '(0008,0033)': ['TM', '08'] },
      { acquired_at: '2025-02-01T07:00:00.000Z', acquired_from: 'content', acquired_precision: 'hour' },
    ],
    [
      'of the series, a day',
      { ...none, '(0008,0021)': ['DA', '20250201'] },
      { acquired_at: '2025-02-01T00:00:00.000Z', acquired_from: 'series', acquired_precision: 'day' },
    ],
    [
      'of the study',
      none,
      { acquired_at: '2025-02-01T06:59:00.000Z', acquired_from: 'study', acquired_precision: 'minute' },
    ],
    [
      'as it was written before 1993',
      { '(0008,0022)': ['DA', '2025.02.01'], '(0008,0032)': ['TM', '08:01:02'] },
      { acquired_at: '2025-02-01T07:01:02.000Z' },
    ],
    [
      'of a year',
      { '(0008,002A)': ['DT', '2024'] },
      { acquired_at: '2024-01-01T00:00:00.000Z', acquired_precision: 'year' },
    ],
  ])('%s', (_what, elements, expected) => {
    const { records, refused } = ofSlice(elements)
    expect([refused, records[0]]).toEqual([[], expect.objectContaining(expected)])
  })
})

describe('a patient', () => {
  const others: Elements[string] = [
    'SQ',
    [
      { '(0010,0020)': ['LO', 'OLD1'], '(0010,0021)': ['LO', 'CLINIC'] },
      { '(0010,0020)': ['LO', 'IPP7'], '(0010,0024)': ['SQ', [{ '(0040,0032)': ['UT', '1.2.250.9'] }]] },
    ],
  ]
  const settings = (...ippAuthorities: string[]) => ({
    settings: { charset: 'ASCII', localTime: (time: number) => time, ippAuthorities },
  })
  test.each<[string, Elements, readonly string[], string]>([
    ['by the one identifier', { '(0010,0021)': ['LO', 'PACS'], '(0010,1002)': others }, [], '8000123'],
    ['by the issuer of the identifier', { '(0010,0021)': ['LO', 'CHU'], '(0010,1002)': others }, ['CHU'], '8000123'],
    ['by an identifier whose issuer is not named', { '(0010,1002)': others }, ['CHU'], '8000123'],
    [
      'by the issuer of another identifier',
      { '(0010,0021)': ['LO', 'PACS'], '(0010,1002)': others },
      ['1.2.250.9'],
      'IPP7',
    ],
  ])('%s', (_what, elements, authorities, ipp) => {
    expect(ofSlice(elements, settings(...authorities)).records[0]?.patient_ipp).toBe(ipp)
  })

  test('that no issuer, or more than one identifier, names is refused', () => {
    const foreign: Elements = { '(0010,0021)': ['LO', 'PACS'], '(0010,1002)': others }
    expect(ofSlice(foreign, settings('CHU')).refused).toEqual(['(0010,0020) required'])
    expect(ofSlice(foreign, settings('CLINIC', '1.2.250.9')).refused).toEqual(['(0010,1002) ambiguous-identifier'])
  })
})

test.each<[string, Readonly<Record<string, Elements[string] | undefined>>, string]>([
  ['no patient', { '(0010,0020)': ['LO', ''] }, '(0010,0020) required'],
  ['no instance', { '(0008,0018)': undefined }, '(0008,0018) required'],
  ['an instance that is no UID', { '(0008,0018)': ['UI', 'DUPONT'] }, '(0008,0018) type'],
  ['no study', { '(0020,000D)': undefined }, '(0020,000D) required'],
  ['no time', { '(0008,0020)': undefined, '(0008,0022)': undefined }, '(0008,0022) required'],
  ['a day that does not exist', { '(0008,0022)': ['DA', '20250230'] }, '(0008,0022) timestamp'],
  ['an hour that is none', { '(0008,0032)': ['TM', '99'] }, '(0008,0032) timestamp'],
  ['a time that is none', { '(0008,0032)': ['TM', 'noon'] }, '(0008,0032) timestamp'],
  ['an offset that is none', { '(0008,0201)': ['SH', 'Paris'] }, '(0008,0201) timestamp'],
  ['a time to come', { '(0008,0022)': ['DA', '20260201'] }, '(0008,002A) not-in-future'],
  ['a number that is none', { '(0018,0060)': ['DS', '12O'] }, '(0018,0060) type'],
  ['a whole number with a point', { '(0020,0013)': ['IS', '1.5'] }, '(0020,0013) type'],
  ['a binary number of another form', { '(0028,0010)': ['FD', [2]] }, '(0028,0010) type'],
  ['an unknown character set', { '(0008,0005)': ['CS', 'KLINGON'] }, '(0008,0005) charset'],
  ['bytes of no character of the set', { '(0008,1030)': ['LO', Buffer.from([0xe9, 0x41])] }, '(0008,1030) charset'],
  ['a text that is too long', { '(0008,1030)': ['UT', 'x'.repeat(5000)] }, '(0008,1030) max-length'],
])('%s is refused by its tag', (_what, elements, refusal) => {
  const { records, refused } = ofSlice(elements)
  expect([records, refused]).toEqual([[], [refusal]])
})

test.each<[string, Elements, string]>([
  ['the file says so', { '(0028,0301)': ['CS', 'YES'] }, 'declared'],
  ['of ultrasound, whatever the file says', { '(0008,0060)': ['CS', 'US'], '(0028,0301)': ['CS', 'NO'] }, 'usual'],
  ['of a secondary capture', { '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.7.2'] }, 'usual'],
  ['of a class that only begins alike', { '(0008,0016)': ['UI', '1.2.840.10008.5.1.4.1.1.77.2'] }, 'unusual'],
])('text in the pixels: %s', (_what, elements, risk) => {
  expect(ofSlice(elements).records[0]?.burned_in_risk).toBe(risk)
})

test('elements of a vendor and of no known group are counted without their tag', () => {
  const { unmapped } = ofSlice({ '(1234,5678)': ['LO', 'x'], '(8001,0010)': ['LO', 'x'], '(0011,1001)': ['LO', 'x'] })
  expect(unmapped.filter((tag) => !tag.startsWith('('))).toEqual(['private', 'private', 'other'])
})

test('each character set reads its letters, without code extensions', () => {
  for (const name of CHARSET_NAMES)
    expect([name, decoderOf(name, 'ASCII')?.(Buffer.from('CT 1'))]).toEqual([name, 'CT 1'])
  expect(decoderOf('ISO_IR 100', 'ASCII')?.(Buffer.from([0xe9]))).toBe('é')
  expect(decoderOf('ISO_IR 144', 'ASCII')?.(Buffer.from([0xb8]))).toBe('И')
  expect(decoderOf('', '8859/1')?.(Buffer.from([0xe9]))).toBe('é')
  expect(decoderOf('ISO 2022 IR 100', 'ASCII')?.(Buffer.from([0xe9]))).toBe('é')
  expect(decoderOf('ISO 2022 IR 100', 'ASCII')?.(Buffer.from([0x1b, 0x2d, 0x46, 0xe1]))).toBeUndefined()
})
