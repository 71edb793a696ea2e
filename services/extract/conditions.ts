/** One condition on a column: checked against the contract, so that what reaches SQL is a known column and a typed value. */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import { parseCalendarDate, parseTimestamp } from '#core/contract/calendar.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import { type Problems, readBoolean, readList, readObject, readText } from './checks.ts'

const OPERATORS = ['equals', 'in', 'starts_with', 'at_least', 'less_than', 'is_null'] as const
export type Operator = (typeof OPERATORS)[number]

/** Dates are `YYYY-MM-DD`; timestamps milliseconds since 1970. */
export type Scalar = string | number | boolean

export interface Condition {
  readonly column: string
  readonly kind: FieldContract['kind']
  readonly operator: Operator
  /** One value, except for `in` and `starts_with`; a single boolean for `is_null`. */
  readonly values: readonly Scalar[]
}

export function readConditions(
  value: unknown,
  place: string,
  contract: FeedContract,
  problems: Problems,
): readonly Condition[] {
  return readList(value, place, problems, { min: 1, max: 30 }).flatMap((item, index) => {
    const condition = readCondition(item, `${place}[${index}]`, contract, problems)
    return condition ? [condition] : []
  })
}

/** @returns the columns that a filter may name: a pseudonym may not stand in a project's file */
function filterableFields(contract: FeedContract): readonly FieldContract[] {
  return survivingFields(contract).filter((field) => field.privacy.action !== 'pseudonymise')
}

function readCondition(
  value: unknown,
  place: string,
  contract: FeedContract,
  problems: Problems,
): Condition | undefined {
  const given = readObject(value, place, problems, { required: ['column'], optional: OPERATORS })
  if (!given || !Object.hasOwn(given, 'column')) return undefined
  const fields = filterableFields(contract)
  const field = fields.find((candidate) => candidate.as === given.column)
  if (!field)
    return problems.add(`${place}.column`, `must be one of ${fields.map((candidate) => candidate.as).join(', ')}`)
  const operators = OPERATORS.filter((operator) => Object.hasOwn(given, operator))
  const [operator] = operators
  if (!operator || operators.length > 1) return problems.add(place, `needs exactly one of ${OPERATORS.join(', ')}`)
  const where = `${place}.${operator}`
  const values = readOperand(given[operator], operator, where, field, problems)
  return values && { column: field.as, kind: field.kind, operator, values }
}

function readOperand(
  value: unknown,
  operator: Operator,
  place: string,
  field: FieldContract,
  problems: Problems,
): readonly Scalar[] | undefined {
  const before = problems.list.length
  const one = (item: unknown, where: string) => readScalar(item, where, field, problems)
  const many = (items: unknown) =>
    readList(items, place, problems, { min: 1, max: 2000 }).flatMap(
      (item, index) => one(item, `${place}[${index}]`) ?? [],
    )
  let values: readonly Scalar[]
  switch (operator) {
    case 'is_null':
      values = [readBoolean(value, place, problems, true)]
      break
    case 'in':
      values = many(value)
      break
    case 'starts_with':
      if (field.kind !== 'string') problems.add(place, `needs a text column; ${field.as} is a ${field.kind}`)
      values = Array.isArray(value) ? many(value) : [one(value, place) ?? '']
      break
    case 'at_least':
    case 'less_than':
      if (!['integer', 'long', 'double', 'date', 'timestamp'].includes(field.kind))
        problems.add(place, `needs a number or a date; ${field.as} is a ${field.kind}`)
      values = [one(value, place) ?? 0]
      break
    case 'equals':
      values = [one(value, place) ?? '']
  }
  return problems.list.length === before ? values : undefined
}

function readScalar(value: unknown, place: string, field: FieldContract, problems: Problems): Scalar | undefined {
  switch (field.kind) {
    case 'string':
      return value === undefined || value === null
        ? problems.add(place, 'must be text')
        : readText(value, place, problems, 128)
    case 'enum':
      if (typeof value === 'string' && field.symbols.includes(value)) return value
      return problems.add(place, `must be one of ${field.symbols.join(', ')}`)
    case 'boolean':
      return typeof value === 'boolean' ? value : problems.add(place, 'must be true or false')
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value : problems.add(place, 'must be a number')
    case 'integer':
    case 'long':
      return Number.isSafeInteger(value) ? (value as number) : problems.add(place, 'must be a whole number')
    case 'date':
      if (typeof value === 'string' && parseCalendarDate(value) !== undefined) return value
      return problems.add(place, 'must be a date of the calendar, YYYY-MM-DD')
    case 'timestamp': {
      const time =
        typeof value !== 'string' ? undefined : (parseTimestamp(value) ?? parseTimestamp(`${value}T00:00:00Z`))
      return time ?? problems.add(place, 'must be a date YYYY-MM-DD or a timestamp with an offset')
    }
  }
}
