/** OBX-5 by its type OBX-2: what the fields of `observation` can hold without a change; the rest is refused, and never approximated. */
import { codedText } from './codes.ts'
import { isoText } from './moment.ts'
import { Refusal } from './refusal.ts'
import type { Field, Segment } from './segment.ts'

export interface ResultValue {
  readonly number: number | null
  readonly code: string | null
  readonly text: string | null
}

type ReadType = (field: Field, obx: Segment) => ResultValue | Refusal

const NOTHING: ResultValue = { number: null, code: null, text: null }
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/
/** Decimal digits that a double keeps exactly. */
const EXACT_DIGITS = 15

const TYPES: Readonly<Record<string, ReadType>> = {
  NM: (field, obx) => numberOf(field.text(1) ?? '', obx),
  SN: structuredNumber,
  ST: textOf,
  TX: textOf,
  FT: textOf,
  CE: coded,
  CWE: coded,
  CNE: coded,
  CF: coded,
  ID: (field) => ({ ...NOTHING, code: field.text(1) ?? null }),
  IS: (field) => ({ ...NOTHING, code: field.text(1) ?? null }),
  DT: dateText,
  TS: dateText,
  DTM: dateText,
}
/** The repetitions of a text are its lines. */
export const TEXT_TYPES = ['ST', 'TX', 'FT']

/** What the page says of each type. */
export const VALUE_TYPES: readonly string[] = Object.keys(TYPES)

/** @returns a refusal without a value, for a type that no field holds, and for more than one value that is no text */
export function readValue(obx: Segment): ResultValue | Refusal {
  const type = obx.text(2)
  if (type === undefined) return new Refusal('required', obx.at(2))
  const read = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (read === undefined) return new Refusal('unmapped-value', obx.at(2))
  const repetitions = obx.repetitions(5)
  const [first] = repetitions
  if (first === undefined) return new Refusal('required', obx.at(5))
  if (TEXT_TYPES.includes(type)) return lines(repetitions, obx)
  return repetitions.length > 1 ? new Refusal('unmapped-value', obx.at(5)) : notEmpty(read(first, obx), obx)
}

export function noValue(): ResultValue {
  return NOTHING
}

function notEmpty(value: ResultValue | Refusal, obx: Segment): ResultValue | Refusal {
  if (value instanceof Refusal) return value
  return value.number === null && value.code === null && value.text === null
    ? new Refusal('required', obx.at(5))
    : value
}

function numberOf(text: string, obx: Segment): ResultValue | Refusal {
  const given = text.trim()
  if (given === '') return NOTHING
  if (!DECIMAL.test(given)) return new Refusal('type', obx.at(5))
  const digits = given.replace(/^[+-]/, '').replace('.', '').replace(/^0+/, '')
  if (digits.length > EXACT_DIGITS) return new Refusal('number-range', obx.at(5))
  return { ...NOTHING, number: Number(given) }
}

/** `^12`, `=^12`; a comparator, a ratio or a range is no number. */
function structuredNumber(field: Field, obx: Segment): ResultValue | Refusal {
  if ((field.text(1) ?? '=') !== '=') return new Refusal('unmapped-value', obx.at(5, 1))
  if (field.text(3) !== undefined) return new Refusal('unmapped-value', obx.at(5, 3))
  return numberOf(field.text(2) ?? '', obx)
}

function textOf(field: Field): ResultValue {
  return { ...NOTHING, text: field.text(1) ?? null }
}

function lines(repetitions: readonly Field[], obx: Segment): ResultValue | Refusal {
  const text = repetitions.map((one) => one.text(1) ?? '').join('\n')
  return text.trim() === '' ? new Refusal('required', obx.at(5)) : { ...NOTHING, text }
}

function coded(field: Field): ResultValue {
  return { ...NOTHING, code: field.text(1) ?? field.text(4) ?? null, text: codedText(field) ?? null }
}

function dateText(field: Field, obx: Segment): ResultValue | Refusal {
  const given = field.text(1)
  if (given === undefined) return NOTHING
  const text = isoText(given)
  return text === undefined ? new Refusal('timestamp', obx.at(5)) : { ...NOTHING, text }
}
