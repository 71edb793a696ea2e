/** The value of an Observation or of a component: each type of FHIR R4 has its columns, or is refused. */

import { type Json, object, objects } from '#core/fhir/json.ts'
import { anyCode, codeOf, conceptText } from './codes.ts'
import { momentOf } from './dates.ts'
import { differentUnits, exactQuantity, quantityOf, rangeOf } from './quantities.ts'
import { type Refuse, within } from './refuse.ts'

type Fields = Readonly<Record<string, unknown>>
const CODED = ['snomed', 'loinc', 'cim10']

/** What every record has, so that the fields of a value are the same for each of its types. */
const NO_VALUE = { value_number: null, value_unit: null, value_code: null, value_text: null }

const READERS: Readonly<Record<string, (of: Json, name: string, refuse: Refuse) => Fields>> = {
  valueQuantity: (of, name, refuse) => {
    const { comparator, unit, value } = quantityOf(of, name, refuse)
    return { value_kind: 'quantity', value_number: value, value_unit: unit, value_comparator: comparator }
  },
  valueInteger: (of, name, refuse) => {
    if (typeof of[name] !== 'number') refuse(name, 'type')
    return { value_kind: 'quantity', value_number: of[name] }
  },
  valueCodeableConcept: (of, name) => {
    const code = codeOf(of[name], CODED)
    const words = conceptText(of[name]) ?? null
    return code
      ? { value_kind: 'code', value_code: code.code, value_system: code.system, value_text: words }
      : { value_kind: 'text', value_text: words }
  },
  valueString: (of, name, refuse) => {
    if (typeof of[name] !== 'string') refuse(name, 'type')
    return { value_kind: 'text', value_text: of[name] }
  },
  valueBoolean: (of, name, refuse) => {
    if (typeof of[name] !== 'boolean') refuse(name, 'type')
    return { value_kind: 'boolean', value_code: String(of[name]) }
  },
  valueRange: (of, name, refuse) => {
    const { high, low, unit } = rangeOf(of, name, refuse)
    return { value_kind: 'range', value_low: low, value_high: high, value_unit: unit }
  },
  valueRatio: (of, name, refuse) => {
    const inside = within(`${name}.`, refuse)
    const ratio = object(of[name]) ?? {}
    const numerator = exactQuantity(ratio, 'numerator', inside)
    const denominator = exactQuantity(ratio, 'denominator', inside)
    const unit = denominator.unit === null ? numerator.unit : `${numerator.unit ?? ''}/${denominator.unit}`
    return {
      value_kind: 'ratio',
      value_numerator: numerator.value,
      value_denominator: denominator.value,
      value_unit: unit,
    }
  },
  valueTime: (of, name, refuse) => {
    if (typeof of[name] !== 'string') refuse(name, 'type')
    return { value_kind: 'time', value_time: of[name] }
  },
  valueDateTime: (of, name) => {
    const { at, precision } = momentOf(of[name])
    return { value_kind: 'date', value_at: at, value_at_precision: precision }
  },
  valuePeriod: (of, name) => {
    const period = object(of[name])
    const start = momentOf(period?.start)
    const end = momentOf(period?.end)
    return {
      value_kind: 'period',
      value_at: start.at,
      value_at_precision: start.precision,
      value_until: end.at,
      value_until_precision: end.precision,
    }
  },
}

/** @returns the names of the elements with a value, of which there may be one */
export function valueNames(of: Json): readonly string[] {
  return Object.keys(of).filter((name) => /^value[A-Z]/.test(name) && of[name] !== undefined && of[name] !== null)
}

/** @returns the fields of the value; what no field keeps is refused */
export function valueOf(of: Json, refuse: Refuse): Fields {
  const [name, another] = valueNames(of)
  if (another !== undefined) refuse(another, 'unsupported-value')
  if (name === undefined) {
    if (of.dataAbsentReason === undefined) return NO_VALUE
    const reason = { value_absent_reason: anyCode(of.dataAbsentReason) ?? null }
    return { ...NO_VALUE, ...reason, value_kind: 'absent', value_text: conceptText(of.dataAbsentReason) ?? null }
  }
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined
  if (read) return { ...NO_VALUE, ...read(of, name, refuse) }
  refuse(name, 'unsupported-value')
  return NO_VALUE
}

/** @returns the normal range; one in another unit than the value is refused */
export function referenceOf(of: Json, refuse: Refuse): Fields {
  const index = normalRange(of)
  const range = objects(of.referenceRange)[index] ?? {}
  const inside = within(`referenceRange[${index}].`, refuse)
  for (const bound of ['low', 'high'])
    if (differentUnits(of.valueQuantity, range[bound])) inside(bound, 'unsupported-value')
  return {
    reference_low: exactQuantity(range, 'low', inside).value,
    reference_high: exactQuantity(range, 'high', inside).value,
  }
}

/**
 * @returns the index of the range that is normal for the patient: a range without a type is; one for a treatment or a grade of severity is not. -1 where
 *   there is none, or several, for instance for women and for men
 */
export function normalRange(of: Json): number {
  const ranges = objects(of.referenceRange)
  const normal = ranges.filter(({ type }) => type === undefined || type === null || isNormal(object(type)))
  return normal.length === 1 && normal[0] ? ranges.indexOf(normal[0]) : -1
}

/** hl7.org/fhir/R4/valueset-referencerange-meaning.html */
function isNormal(type: Json | undefined): boolean {
  return objects(type?.coding).some(({ code }) => code === 'normal')
}
