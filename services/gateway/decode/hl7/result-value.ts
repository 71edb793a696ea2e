/** OBX-5 by its type OBX-2: what the fields of `observation` can hold without a change; the rest is refused, and never approximated. */

import type { LocalTime } from '#core/contract/local-time.ts'
import { codedText, valueCodeOf } from './codes.ts'
import { type Precision, readMoment, TIME_FORM } from './moment.ts'
import { numberOf } from './number.ts'
import { Refusal } from './refusal.ts'
import type { Field, Segment } from './segment.ts'

export interface ResultValue {
  readonly kind: 'quantity' | 'range' | 'ratio' | 'code' | 'text' | 'date' | 'time' | null
  readonly number: number | null
  readonly comparator: string | null
  readonly low: number | null
  readonly high: number | null
  readonly numerator: number | null
  readonly denominator: number | null
  readonly code: string | null
  readonly system: string | null
  readonly text: string | null
  /** ISO 8601. */
  readonly at: string | null
  readonly precision: Precision | null
  /** `HH:MM:SS`. */
  readonly time: string | null
}

type ReadType = (field: Field, obx: Segment, local: LocalTime) => ResultValue | Refusal

const NOTHING: ResultValue = {
  kind: null,
  number: null,
  comparator: null,
  low: null,
  high: null,
  numerator: null,
  denominator: null,
  code: null,
  system: null,
  text: null,
  at: null,
  precision: null,
  time: null,
}
const COMPARATORS = ['<', '<=', '>=', '>']
const VALUE_SYSTEMS = ['snomed', 'loinc', 'cim10']

const TYPES: Readonly<Record<string, ReadType>> = {
  NM: (field, obx) => quantity(numberOf(field.text(1), obx, 5), null),
  SN: structuredNumber,
  ST: (field) => textValue(field.text(1)),
  TX: (field) => textValue(field.text(1)),
  FT: (field) => textValue(field.text(1)),
  CE: coded,
  CWE: coded,
  CNE: coded,
  CF: coded,
  ID: (field) => symbol(field.text(1)),
  IS: (field) => symbol(field.text(1)),
  DT: dateOf,
  TS: dateOf,
  DTM: dateOf,
  TM: timeOfDay,
}
/** The repetitions of a text are its lines. */
export const TEXT_TYPES = ['ST', 'TX', 'FT']

/** What the page says of each type. */
export const VALUE_TYPES: readonly string[] = Object.keys(TYPES)

/**
 * @param local reads a time without an offset
 * @returns a refusal without a value, for a type that no field holds, and for more than one value that is no text
 */
export function readValue(obx: Segment, local: LocalTime): ResultValue | Refusal {
  const type = obx.text(2)
  if (type === undefined) return new Refusal('required', obx.at(2))
  const read = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (read === undefined) return new Refusal('unmapped-value', obx.at(2), [...VALUE_TYPES, 'ED'])
  const repetitions = obx.repetitions(5)
  const [first] = repetitions
  if (first === undefined) return new Refusal('required', obx.at(5))
  if (TEXT_TYPES.includes(type)) return lines(repetitions, obx)
  return repetitions.length > 1 ? new Refusal('unmapped-value', obx.at(5)) : notEmpty(read(first, obx, local), obx)
}

export function noValue(): ResultValue {
  return NOTHING
}

function notEmpty(value: ResultValue | Refusal, obx: Segment): ResultValue | Refusal {
  return value === NOTHING ? new Refusal('required', obx.at(5)) : value
}

function quantity(number: number | undefined | Refusal, comparator: string | null): ResultValue | Refusal {
  if (number instanceof Refusal) return number
  return number === undefined ? NOTHING : { ...NOTHING, kind: 'quantity', number, comparator }
}

/** `<^5`, `^10^-^20`, `^1^:^128`; a comparator of a range or a ratio has no column, and neither has a grade (`^2^+`). */
function structuredNumber(field: Field, obx: Segment): ResultValue | Refusal {
  const given = field.text(1) ?? '='
  const comparator = given === '=' ? null : given
  const separator = field.text(3)
  if (comparator !== null && (separator !== undefined || !COMPARATORS.includes(comparator)))
    return new Refusal('unmapped-value', obx.at(5, 1), separator === undefined ? [...COMPARATORS, '='] : ['='])
  const first = numberOf(field.text(2), obx, 5, 2)
  if (separator === undefined) return quantity(first, comparator)
  const second = numberOf(field.text(4), obx, 5, 4)
  if (first instanceof Refusal) return first
  if (second instanceof Refusal) return second
  if (first === undefined || second === undefined)
    return new Refusal(separator === '+' ? 'unmapped-value' : 'required', obx.at(5, first === undefined ? 2 : 4))
  if (separator === '-') return { ...NOTHING, kind: 'range', low: first, high: second }
  if (separator === ':' || separator === '/')
    return { ...NOTHING, kind: 'ratio', numerator: first, denominator: second }
  return new Refusal('unmapped-value', obx.at(5, 3), ['-', ':', '/'])
}

function textValue(text: string | undefined): ResultValue {
  return text === undefined ? NOTHING : { ...NOTHING, kind: 'text', text }
}

function lines(repetitions: readonly Field[], obx: Segment): ResultValue | Refusal {
  const text = repetitions.map((one) => one.text(1) ?? '').join('\n')
  return text.trim() === '' ? new Refusal('required', obx.at(5)) : textValue(text)
}

function coded(field: Field): ResultValue {
  const code = valueCodeOf(field, VALUE_SYSTEMS)
  const text = codedText(field)
  if (code === undefined) return textValue(text)
  return { ...NOTHING, kind: 'code', code: code.code, system: code.system, text: text ?? null }
}

function symbol(code: string | undefined): ResultValue {
  return code === undefined ? NOTHING : { ...NOTHING, kind: 'code', code, system: 'other' }
}

function dateOf(field: Field, obx: Segment, local: LocalTime): ResultValue | Refusal {
  const given = field.text(1)
  if (given === undefined) return NOTHING
  const read = readMoment(given, local)
  if ('fault' in read) return new Refusal(read.fault, obx.at(5), TIME_FORM)
  return { ...NOTHING, kind: 'date', at: new Date(read.time).toISOString(), precision: read.precision }
}

/** `HHMMSS`: seconds are not invented, and an offset has no column. */
function timeOfDay(field: Field, obx: Segment): ResultValue | Refusal {
  const given = field.text(1)
  if (given === undefined) return NOTHING
  const [, hour, minute, second] = /^([01]\d|2[0-3])([0-5]\d)([0-5]\d)$/.exec(given) ?? []
  if (second === undefined) return new Refusal('unmapped-value', obx.at(5), ['HHMMSS'])
  return { ...NOTHING, kind: 'time', time: `${hour}:${minute}:${second}` }
}
