/** One condition on a column, checked against the contract: only known columns and typed values become SQL. */
import Type, { type TUnsafe } from 'typebox'
import { isReadable, storedForm } from '#core/contract/actions.ts'
import { parseCalendarDate, parseTimestamp } from '#core/contract/calendar.ts'
import type { FeedContract, FieldContract, ValueKind } from '#core/contract/types.ts'
import { readCompleteKeys } from '#core/schema/complete.ts'
import type { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'
import { ConditionOnColumn, OPERATOR_NAMES, type Operator } from './project-schema.ts'
import { CalendarDate, text } from './values.ts'

/** Dates are `YYYY-MM-DD`; timestamps milliseconds since 1970. */
export type Scalar = string | number | boolean

export interface Condition {
  readonly column: string
  readonly kind: ValueKind
  readonly operator: Operator
  /** One value, except for `in` and `starts_with`; a single boolean for `is_null`. */
  readonly values: readonly Scalar[]
}

/** @returns the conditions without a problem */
export function readConditions(list: readonly unknown[], contract: FeedContract, place: Place): readonly Condition[] {
  return list.flatMap((item, index) => readCondition(item, contract, place.item(index)) ?? [])
}

/** @returns the columns that a filter may name, with the kind of what is stored: a project's file must not contain a pseudonym */
function filterableFields(contract: FeedContract): readonly FieldContract[] {
  return contract.fields.filter(isReadable).map((field) => ({ ...field, kind: storedForm(field)?.kind ?? field.kind }))
}

function readCondition(value: unknown, contract: FeedContract, place: Place): Condition | undefined {
  const given = readCompleteKeys(ConditionOnColumn, value, place)
  if (given.column === undefined) return undefined
  const fields = new Map(filterableFields(contract).map((field) => [field.as, field]))
  const column = read(Type.Enum([...fields.keys()]), given.column, place.key('column')).complete
  const field = column === undefined ? undefined : fields.get(column)
  if (!field) return undefined
  const operators = OPERATOR_NAMES.filter((name) => Object.hasOwn(value as object, name))
  const [operator] = operators
  if (!operator || operators.length > 1) return place.say(`needs exactly one of ${OPERATOR_NAMES.join(', ')}`)
  // Undefined here: the operand was wrong, and its problem is reported already.
  if (given[operator] === undefined) return undefined
  const values = readOperand(given[operator], operator, field, place.key(operator))
  return values && { column: field.as, kind: field.kind, operator, values }
}

const ORDERED: readonly ValueKind[] = ['integer', 'long', 'double', 'date', 'timestamp']

function readOperand(
  value: unknown,
  operator: Operator,
  field: FieldContract,
  place: Place,
): readonly Scalar[] | undefined {
  const scalar = scalarOf(field)
  const needs = (what: string) => place.say(`needs ${what}; ${field.as} is a ${field.kind}`)
  const list = Type.Array(scalar, { minItems: 1, maxItems: 2000 })
  switch (operator) {
    case 'is_null':
      return one(read(Type.Boolean(), value, place).complete, field)
    case 'in':
      return read(list, value, place).complete?.map((item) => stored(item, field))
    case 'starts_with': {
      if (field.kind !== 'string') return needs('a text column')
      if (!Array.isArray(value)) return one(read(scalar, value, place).complete, field)
      return read(list, value, place).complete
    }
    case 'at_least':
    case 'less_than':
      return ORDERED.includes(field.kind)
        ? one(read(scalar, value, place).complete, field)
        : needs('a number or a date')
    case 'equals':
      return one(read(scalar, value, place).complete, field)
  }
}

const one = (value: Scalar | undefined, field: FieldContract) =>
  value === undefined ? undefined : [stored(value, field)]

/** @returns the value in the form of the query */
function stored(value: Scalar, field: FieldContract): Scalar {
  return field.kind === 'timestamp' && typeof value === 'string' ? (readTimestamp(value) ?? value) : value
}

function scalarOf(field: FieldContract): TUnsafe<Scalar> {
  switch (field.kind) {
    case 'string':
      return Type.Unsafe<Scalar>(text(128))
    case 'enum':
      return Type.Unsafe<Scalar>(Type.Enum([...field.symbols]))
    case 'boolean':
      return Type.Unsafe<Scalar>(Type.Boolean())
    case 'double':
      return Type.Unsafe<Scalar>(Type.Number())
    case 'integer':
    case 'long':
      return Type.Unsafe<Scalar>(
        Type.Integer({
          minimum: Number.MIN_SAFE_INTEGER,
          maximum: Number.MAX_SAFE_INTEGER,
          expected: 'a whole number',
        }),
      )
    case 'date':
      return Type.Unsafe<Scalar>(CalendarDate)
    case 'timestamp':
      return Type.Unsafe<Scalar>(Timestamp)
  }
}

const TIMESTAMP = 'a date YYYY-MM-DD or a timestamp with an offset'
const Timestamp = Type.Refine(
  Type.String({ expected: TIMESTAMP }),
  (value) => readTimestamp(value) !== undefined,
  () => `must be ${TIMESTAMP}`,
)

/** @returns milliseconds since 1970; of a date, at its start in UTC */
function readTimestamp(value: string): number | undefined {
  return parseCalendarDate(value) === undefined ? parseTimestamp(value) : parseTimestamp(`${value}T00:00:00Z`)
}
