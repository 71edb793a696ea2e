/** What the value of a field may be, in the words that a rejected record is told: forms, limits and lists of the contract; never a value of the record. */
import { guardOf } from '../contract/actions.ts'
import type { FeedContract, FieldContract, ValueKind } from '../contract/types.ts'
import type { RecordFault } from '../faults/codes.ts'

const DATE = ['YYYY-MM-DD', 'in Avro the days since 1970-01-01']
const TIMESTAMP = ['YYYY-MM-DDTHH:MM:SS[.SSS] and Z or an offset +HH:MM', 'in Avro the milliseconds since 1970']
const TYPES: Readonly<Record<ValueKind, readonly string[]>> = {
  string: ['a text'],
  enum: ['a text'],
  integer: ['a whole number'],
  long: ['a whole number'],
  double: ['a number'],
  boolean: ['true', 'false'],
  date: DATE,
  timestamp: TIMESTAMP,
}
const LARGEST = `from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`
const RANGES: Partial<Record<ValueKind, string>> = {
  integer: 'a whole number from -2147483648 to 2147483647',
  long: `a whole number ${LARGEST}`,
  double: `a number ${LARGEST}`,
}
/** Values of a guard that are listed. */
const MOST_VALUES = 30

/** @returns what may be there instead; undefined where the rule says all */
function allowedIn(field: FieldContract, fault: RecordFault): readonly string[] | undefined {
  switch (fault) {
    case 'enum':
      return field.symbols
    case 'type':
      return field.kind === 'enum' ? field.symbols : TYPES[field.kind]
    case 'date':
      return DATE
    case 'timestamp':
      return TIMESTAMP
    case 'max-length':
      return [`at most ${field.maxLength} characters`]
    case 'number-range': {
      const range = RANGES[field.kind]
      return range === undefined ? undefined : [range]
    }
    case 'guard':
      return guardWords(field)
    default:
      return undefined
  }
}

/** @returns a function of pointer and fault */
export function allowedBy({
  fields,
}: FeedContract): (pointer: string, fault: RecordFault) => readonly string[] | undefined {
  const known = new Map(fields.map((field) => [`/${field.name}`, field]))
  return (pointer, fault) => {
    const field = known.get(pointer)
    return field && allowedIn(field, fault)
  }
}

function guardWords(field: FieldContract): readonly string[] | undefined {
  const cases = guardOf(field)
  if (cases.length === 0) return undefined
  return cases.flatMap(({ codes = [], max, min, pattern, values = [], when = [] }) => {
    const where = when.length === 0 ? '' : ` where ${when.map((one) => `${one.field} is ${one.equals}`).join(' and ')}`
    const shown = values.slice(0, MOST_VALUES)
    const all = [
      ...(values.length > shown.length ? [...shown, `${values.length - shown.length} more`] : shown),
      ...codes.map((code) => `a code of ${code}`),
      ...(pattern === undefined ? [] : [`the form \`${pattern}\``]),
      ...(min === undefined && max === undefined ? [] : [`a number ${bounds(min, max)}`]),
    ]
    return all.map((one) => `${one}${where}`)
  })
}

function bounds(min: number | undefined, max: number | undefined): string {
  return [min === undefined ? '' : `from ${min}`, max === undefined ? '' : `to ${max}`].join(' ').trim()
}
