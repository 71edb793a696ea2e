/** Long-term conditions: at which ages, and with which codes, results and drugs. Shares are rough, by age. */
import type { BinarySex } from './given-names.ts'

export interface Condition {
  readonly name: string
  readonly cim10: readonly string[]
  /** The text in a note. */
  readonly label: string
  readonly atc: readonly string[]
  /** Share of people at 40, 60 and 80 years; below 25 a tenth of the first. */
  readonly share: readonly [number, number, number]
  readonly onlySex?: BinarySex
}

export const CONDITIONS: readonly Condition[] = [
  {
    name: 'hypertension',
    cim10: ['I10'],
    label: 'HTA',
    atc: ['C09AA05', 'C08CA01', 'C07AB07'],
    share: [0.06, 0.32, 0.58],
  },
  {
    name: 'diabetes',
    cim10: ['E119', 'E1190', 'E116'],
    label: 'diabète de type 2',
    atc: ['A10BA02', 'A10BB09', 'A10AE04'],
    share: [0.02, 0.11, 0.19],
  },
  {
    name: 'dyslipidemia',
    cim10: ['E780', 'E782'],
    label: 'dyslipidémie',
    atc: ['C10AA05', 'C10AA07'],
    share: [0.05, 0.24, 0.33],
  },
  { name: 'copd', cim10: ['J449', 'J441'], label: 'BPCO', atc: ['R03AC13', 'R03BB04'], share: [0.01, 0.06, 0.1] },
  {
    name: 'heart-failure',
    cim10: ['I500', 'I501', 'I509'],
    label: 'insuffisance cardiaque',
    atc: ['C03CA01', 'C09AA05', 'C07AB07'],
    share: [0.003, 0.03, 0.14],
  },
  {
    name: 'atrial-fibrillation',
    cim10: ['I480', 'I489'],
    label: 'fibrillation auriculaire',
    atc: ['B01AF02', 'B01AF01', 'C07AB07'],
    share: [0.003, 0.03, 0.15],
  },
  {
    name: 'renal-failure',
    cim10: ['N183', 'N184', 'N189'],
    label: 'insuffisance rénale chronique',
    atc: ['A12AX', 'B03XA02'],
    share: [0.005, 0.03, 0.12],
  },
  {
    name: 'cancer',
    cim10: ['C349', 'C189', 'C20'],
    label: 'néoplasie suivie',
    atc: ['A04AA01', 'L01XA03'],
    share: [0.006, 0.04, 0.09],
  },
  {
    name: 'breast-cancer',
    cim10: ['C509', 'C504'],
    label: 'cancer du sein',
    atc: ['L02BG03'],
    share: [0.006, 0.04, 0.06],
    onlySex: 'female',
  },
  {
    name: 'prostate',
    cim10: ['N40', 'C61'],
    label: 'hypertrophie de la prostate',
    atc: ['G04CA01'],
    share: [0.003, 0.14, 0.32],
    onlySex: 'male',
  },
  { name: 'asthma', cim10: ['J459', 'J450'], label: 'asthme', atc: ['R03AC02', 'R03AK07'], share: [0.07, 0.06, 0.05] },
  {
    name: 'depression',
    cim10: ['F329', 'F331'],
    label: 'syndrome dépressif',
    atc: ['N06AB06', 'N06AB10'],
    share: [0.07, 0.08, 0.09],
  },
  { name: 'hypothyroidism', cim10: ['E039'], label: 'hypothyroïdie', atc: ['H03AA01'], share: [0.03, 0.06, 0.09] },
  { name: 'obesity', cim10: ['E6600', 'E6690'], label: 'obésité', atc: [], share: [0.14, 0.18, 0.12] },
]

/** @returns the bit of a condition in `Person.conditions` */
export function conditionBit(name: string): number {
  const index = CONDITIONS.findIndex((condition) => condition.name === name)
  if (index < 0) throw new RangeError(`no condition ${name}`)
  return 1 << index
}

/** @returns share of people of that age who have it, interpolated linearly between these ages */
export function shareAt(condition: Condition, age: number): number {
  const [at40, at60, at80] = condition.share
  if (age < 25) return at40 * 0.1
  if (age < 40) return at40 * 0.5
  if (age < 60) return at40 + ((at60 - at40) * (age - 40)) / 20
  return at60 + (at80 - at60) * Math.min(1, (age - 60) / 20)
}
