/** A value keeps its meaning: comparator, kind, precision, source; or it is refused. */
import { describe, expect, test } from 'vitest'
import { about, map, only, type Resource } from './bundles.ts'

const LOINC = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const observation: Resource = {
  resourceType: 'Observation',
  id: 'o',
  ...about,
  code: LOINC('718-7'),
  effectiveDateTime: '2025-01-02T03:04:05Z',
}
const valued = (value: Resource) => only({ ...observation, ...value })

describe('a value of an Observation', () => {
  test.each<[string, Resource, Resource]>([
    [
      'comparator',
      { valueQuantity: { value: 5, comparator: '<', code: 'mg/L' } },
      { value_kind: 'quantity', value_number: 5, value_comparator: '<', value_unit: 'mg/L' },
    ],
    ['integer', { valueInteger: 3 }, { value_kind: 'quantity', value_number: 3 }],
    ['text', { valueString: 'trace' }, { value_kind: 'text', value_text: 'trace', comment: null }],
    ['boolean', { valueBoolean: false }, { value_kind: 'boolean', value_code: 'false' }],
    [
      'concept',
      { valueCodeableConcept: { coding: [{ system: 'http://snomed.info/sct', code: '10828004' }], text: 'Positif' } },
      { value_kind: 'code', value_code: '10828004', value_system: 'snomed', value_text: 'Positif' },
    ],
    [
      'concept in words only',
      { valueCodeableConcept: { text: 'Positif' } },
      { value_kind: 'text', value_code: null, value_text: 'Positif' },
    ],
    [
      'range',
      { valueRange: { low: { value: 2, code: 'mg' }, high: { value: 4, code: 'mg' } } },
      { value_kind: 'range', value_low: 2, value_high: 4, value_unit: 'mg', value_number: null },
    ],
    [
      'ratio',
      { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } },
      { value_kind: 'ratio', value_numerator: 1, value_denominator: 128, value_number: null },
    ],
    [
      'ratio with units',
      { valueRatio: { numerator: { value: 5, code: 'mg' }, denominator: { value: 2, code: 'dL' } } },
      { value_kind: 'ratio', value_unit: 'mg/dL' },
    ],
    ['time', { valueTime: '12:34:56' }, { value_kind: 'time', value_time: '12:34:56' }],
    [
      'date',
      { valueDateTime: '2025-02' },
      { value_kind: 'date', value_at: '2025-02-01T00:00:00Z', value_at_precision: 'month' },
    ],
    [
      'period',
      { valuePeriod: { start: '2025-02-03', end: '2025-02-04T10:00:00Z' } },
      {
        value_kind: 'period',
        value_at: '2025-02-03T00:00:00Z',
        value_at_precision: 'day',
        value_until: '2025-02-04T10:00:00Z',
      },
    ],
    [
      'none, and why',
      { dataAbsentReason: { coding: [{ code: 'not-performed' }] } },
      { value_kind: 'absent', value_absent_reason: 'not-performed' },
    ],
  ])('%s', (_, given, kept) => expect(valued(given)).toMatchObject(kept))

  test.each<[string, Resource, string, string]>([
    ['samples', { valueSampledData: { dimensions: 1, data: '1 2 3' } }, 'unsupported-value', 'valueSampledData'],
    ['an unknown kind', { valueAttachment: {} }, 'unsupported-value', 'valueAttachment'],
    ['two values', { valueInteger: 1, valueString: 'x' }, 'unsupported-value', 'valueString'],
    ['a number in words', { valueQuantity: { value: '13.5' } }, 'type', 'valueQuantity.value'],
    ['an unknown comparator', { valueQuantity: { value: 1, comparator: '~' } }, 'enum', 'valueQuantity.comparator'],
    [
      'a comparator where no column keeps it',
      { valueRange: { low: { value: 1, comparator: '<' } } },
      'unsupported-value',
      'valueRange.low.comparator',
    ],
    [
      'two units of one range',
      { valueRange: { low: { value: 1, code: 'mg' }, high: { value: 2, code: 'g' } } },
      'unsupported-value',
      'valueRange.high',
    ],
  ])('%s is refused', (_, given, rule, path) => expect(map({ ...observation, ...given })).toMatchObject({ rule, path }))

  test('a reference range is of the unit of the value, or refused', () => {
    const ranged = (unit: Resource) => ({
      ...observation,
      valueQuantity: { value: 5, code: 'mg/L', unit: 'mg/L' },
      referenceRange: [{ low: { value: 1, ...unit } }],
    })
    for (const unit of [{}, { code: 'mg/L' }, { unit: 'mg/l' }])
      expect(only(ranged(unit))).toMatchObject({ reference_low: 1, reference_high: null })
    for (const unit of [{ code: 'g/L' }, { unit: 'g/l' }])
      expect(map(ranged(unit))).toMatchObject({ rule: 'unsupported-value', path: 'referenceRange[0].low' })
  })

  test('of a component is refused by its place', () =>
    expect(
      map({ ...observation, component: [{ code: LOINC('718-7') }, { code: LOINC('718-7'), valueSampledData: {} }] }),
    ).toMatchObject({ path: 'component[1].valueSampledData' }))
})

describe('a partial date has its precision', () => {
  const condition: Resource = { resourceType: 'Condition', id: 'c', ...about, code: LOINC('x') }

  test('of a year, a month, a day; a time in full has none', () => {
    const of = (recordedDate: string) => only({ ...condition, recordedDate })
    expect(of('2025')).toMatchObject({ recorded_at: '2025-01-01T00:00:00Z', recorded_precision: 'year' })
    expect(of('2025-02')).toMatchObject({ recorded_at: '2025-02-01T00:00:00Z', recorded_precision: 'month' })
    expect(of('2025-02-03')).toMatchObject({ recorded_at: '2025-02-03T00:00:00Z', recorded_precision: 'day' })
    expect(of('2025-02-03T04:05:06Z').recorded_precision ?? null).toBeNull()
  })

  test('onset and end of a Condition are no longer lost', () =>
    expect(
      only({ ...condition, recordedDate: '2025-02-03', onsetDateTime: '2019-06', abatementDateTime: '2020' }),
    ).toMatchObject({
      onset_on: '2019-06-01',
      onset_precision: 'month',
      resolved_on: '2020-01-01',
      resolved_precision: 'year',
    }))

  test('a partial date of birth is kept beside the one that links, and never as it', () =>
    expect(only({ resourceType: 'Patient', id: 'q', birthDate: '1985-05' })).toMatchObject({
      birth_date: null,
      birth_partial: '1985-05-01',
      birth_precision: 'month',
    }))

  test('a partial date of death, and that a patient has died', () =>
    expect(only({ resourceType: 'Patient', id: 'q', deceasedDateTime: '2025' })).toMatchObject({
      deceased: true,
      deceased_on: '2025-01-01',
      deceased_precision: 'year',
    }))
})

describe('the source of a code', () => {
  test('a code system that no column has is kept as the producer named it', () => {
    const code = { coding: [{ system: 'http://hl7.org/fhir/sid/cvx', code: '140' }] }
    expect(
      only({ resourceType: 'Condition', id: 'c', ...about, code, recordedDate: '2025-01-02T03:04:05Z' }),
    ).toMatchObject({ code_system: 'other', code: '140', code_source: 'http://hl7.org/fhir/sid/cvx' })
  })

  test('the reason of an Encounter has its system', () =>
    expect(
      only({
        resourceType: 'Encounter',
        id: 'e',
        ...about,
        period: { start: '2025-01-02T03:04:05Z' },
        reasonCode: [{ coding: [{ system: 'http://snomed.info/sct', code: '44054006' }] }],
      }),
    ).toMatchObject({ reason_code: '44054006', reason_system: 'snomed' }))
})

describe('a dose', () => {
  const request = (dosageInstruction: readonly Resource[]): Resource => ({
    resourceType: 'MedicationRequest',
    id: 'm',
    ...about,
    medicationCodeableConcept: { coding: [{ system: 'http://www.whocc.no/atc', code: 'N02BE01' }] },
    authoredOn: '2025-01-02T03:04:05Z',
    dosageInstruction,
  })
  const dose = (value: number) => ({ doseAndRate: [{ doseQuantity: { value, code: 'mg' } }] })

  test('is a range where it is one', () =>
    expect(
      only(
        request([{ doseAndRate: [{ doseRange: { low: { value: 1, code: 'mg' }, high: { value: 2, code: 'mg' } } }] }]),
      ),
    ).toMatchObject({ quantity: null, quantity_low: 1, quantity_high: 2, quantity_unit: 'mg', dosage_count: 1 }))

  test('of several instructions is none of them', () =>
    expect(only(request([dose(10), dose(5)]))).toMatchObject({ quantity: null, dosage_count: 2 }))

  test('a comparator, which no column keeps, is refused', () =>
    expect(map(request([{ doseAndRate: [{ doseQuantity: { value: 1, comparator: '<' } }] }]))).toMatchObject({
      rule: 'unsupported-value',
      path: 'dosageInstruction[0].doseAndRate[0].doseQuantity.comparator',
    }))
})
