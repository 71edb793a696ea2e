/** Measurements and laboratory tests: LOINC, UCUM unit, reference range by sex, and the effect of conditions. */
import type { BinarySex } from './given-names.ts'

/** Low and high of the reference range; values are around its middle. */
type Range = readonly [number, number]

export interface Test {
  readonly loinc: string
  readonly unit: string
  readonly decimals: number
  readonly female: Range
  readonly male: Range
  /** Bedside measurements have no reference range in the record. */
  readonly noReference?: true
  /** Factor on the value for those with a condition. */
  readonly shift?: Readonly<Record<string, number>>
  /** Fraction of the value that is added per year of age above 40. */
  readonly perYear?: number
  /** Lowest and highest possible value. */
  readonly limits: Range
}

function test(
  loinc: string,
  unit: string,
  decimals: number,
  range: Range,
  limits: Range,
  more: Partial<Test> = {},
): Test {
  return { loinc, unit, decimals, female: range, male: range, limits, ...more }
}

export const PANELS: readonly { readonly weight: number; readonly adult?: true; readonly tests: readonly Test[] }[] = [
  {
    weight: 30,
    tests: [
      test('8480-6', 'mm[Hg]', 0, [100, 140], [60, 250], {
        noReference: true,
        shift: { hypertension: 1.14 },
        perYear: 0.003,
      }),
      test('8462-4', 'mm[Hg]', 0, [60, 90], [30, 140], { noReference: true, shift: { hypertension: 1.1 } }),
      test('8867-4', '/min', 0, [60, 100], [30, 210], { noReference: true, shift: { 'atrial-fibrillation': 1.2 } }),
      test('8310-5', 'Cel', 1, [36.1, 37.7], [33, 41.5], { noReference: true }),
      test('59408-5', '%', 0, [95, 100], [70, 100], { noReference: true, shift: { copd: 0.95 } }),
      test('9279-1', '/min', 0, [12, 20], [8, 45], { noReference: true, shift: { copd: 1.2 } }),
    ],
  },
  {
    weight: 22,
    tests: [
      test('718-7', 'g/dL', 1, [12, 16], [4, 21], { male: [13, 17], shift: { cancer: 0.84, 'renal-failure': 0.86 } }),
      test('6690-2', '10*3/uL', 1, [4, 10], [0.2, 60]),
      test('777-3', '10*3/uL', 0, [150, 400], [5, 1200]),
      test('4544-3', '%', 1, [36, 46], [14, 62], { male: [40, 50], shift: { cancer: 0.85 } }),
      test('787-2', 'fL', 0, [80, 100], [55, 130]),
      test('789-8', '10*6/uL', 2, [4, 5.2], [1.5, 7.5], { male: [4.5, 5.8] }),
    ],
  },
  {
    weight: 20,
    tests: [
      test('2951-2', 'mmol/L', 0, [136, 145], [112, 165]),
      test('2823-3', 'mmol/L', 1, [3.5, 5.1], [2, 8], { shift: { 'renal-failure': 1.12 } }),
      test('2075-0', 'mmol/L', 0, [98, 107], [75, 130]),
      test('14682-9', 'umol/L', 0, [45, 90], [15, 1300], {
        male: [60, 110],
        shift: { 'renal-failure': 2.4 },
        perYear: 0.004,
      }),
      test('22664-7', 'mmol/L', 1, [2.5, 7.5], [0.8, 60], { shift: { 'renal-failure': 2.5 }, perYear: 0.006 }),
    ],
  },
  { weight: 14, tests: [test('1988-5', 'mg/L', 1, [0, 5], [0, 480], { shift: { cancer: 5 } })] },
  {
    weight: 9,
    tests: [
      test('1920-8', 'U/L', 0, [10, 35], [4, 4000]),
      test('1742-6', 'U/L', 0, [8, 40], [4, 4000]),
      test('2324-2', 'U/L', 0, [6, 45], [4, 2500], { male: [8, 60] }),
      test('6768-6', 'U/L', 0, [35, 110], [15, 1500]),
      test('14631-6', 'umol/L', 0, [3, 20], [1, 500]),
    ],
  },
  {
    weight: 9,
    adult: true,
    tests: [
      test('14749-6', 'mmol/L', 1, [3.9, 6.1], [1.2, 40], { shift: { diabetes: 1.7 } }),
      test('4548-4', '%', 1, [4, 6], [3.5, 16], { shift: { diabetes: 1.5 } }),
    ],
  },
  {
    weight: 6,
    adult: true,
    tests: [
      test('14647-2', 'mmol/L', 2, [3.5, 5.2], [1.5, 13], { shift: { dyslipidemia: 1.3 } }),
      test('14646-4', 'mmol/L', 2, [1.2, 2], [0.3, 3.5], { male: [1, 1.7], shift: { dyslipidemia: 0.85 } }),
      test('14927-8', 'mmol/L', 2, [0.4, 1.7], [0.2, 20], { shift: { dyslipidemia: 1.5, diabetes: 1.3 } }),
    ],
  },
  {
    weight: 6,
    adult: true,
    tests: [test('3016-3', 'm[IU]/L', 2, [0.4, 4], [0.005, 100], { shift: { hypothyroidism: 2 } })],
  },
  {
    weight: 6,
    adult: true,
    tests: [test('67151-1', 'ng/L', 0, [3, 14], [1, 9000], { shift: { 'heart-failure': 2.2 }, perYear: 0.02 })],
  },
  {
    weight: 5,
    adult: true,
    tests: [test('33762-6', 'pg/mL', 0, [20, 300], [5, 35000], { shift: { 'heart-failure': 9 }, perYear: 0.03 })],
  },
  { weight: 5, adult: true, tests: [test('6301-6', '{INR}', 1, [0.8, 1.2], [0.7, 10])] },
  {
    weight: 4,
    adult: true,
    tests: [
      test('29463-7', 'kg', 1, [48, 82], [32, 180], { male: [60, 98], noReference: true, shift: { obesity: 1.45 } }),
    ],
  },
  {
    weight: 3,
    adult: true,
    tests: [test('8302-2', 'cm', 0, [152, 174], [135, 205], { male: [164, 188], noReference: true })],
  },
]

/** Tests whose result is a code: LOINC, and codes with weights. */
export const CODED: readonly { readonly loinc: string; readonly values: readonly (readonly [string, number])[] }[] = [
  // SNOMED CT qualifier values: not detected, detected.
  {
    loinc: '94500-6',
    values: [
      ['260415000', 8],
      ['260373001', 1],
    ],
  },
  // SNOMED CT findings: never smoked, ex-smoker, smoker.
  {
    loinc: '72166-2',
    values: [
      ['266919005', 5],
      ['8517006', 3],
      ['77176002', 3],
    ],
  },
]

export function rangeOf(one: Test, sex: BinarySex): Range {
  return sex === 'female' ? one.female : one.male
}
