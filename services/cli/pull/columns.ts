/** Values of PostgreSQL as those of a contract: nothing is rounded, cut or guessed. What no form keeps is refused by column, before a row is read, or by row. */
import { parseTimestamp } from '#core/contract/calendar.ts'
import { type LocalTime, localTime } from '#core/contract/local-time.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import type { Converted } from '#core/csv/convert.ts'
import type { Refusal } from '#core/csv/refusal.ts'
import { FAULTS, type RecordFault } from '#core/faults/codes.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Cells, Column } from './database.ts'

type Kind = 'integer' | 'decimal' | 'boolean' | 'date' | 'timestamp' | 'timestamptz' | 'text' | 'padded'

/** Object ids of pg_type.dat that are the same in every PostgreSQL. An enum has one of its own (`EnumTypes`). */
const KINDS: Readonly<Record<number, Kind>> = {
  16: 'boolean',
  18: 'text',
  19: 'text',
  20: 'integer',
  21: 'integer',
  23: 'integer',
  25: 'text',
  700: 'decimal',
  701: 'decimal',
  1042: 'padded',
  1043: 'text',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamptz',
  1700: 'decimal',
  2950: 'text',
}

export interface TypeName {
  readonly name: string
  /** Category of pg_type: A is an array, E an enum. */
  readonly category: string
}

/** @returns the kinds of the columns @throws ConfigurationError that names each column of another type */
export function kindsOf(columns: readonly Column[], types: ReadonlyMap<number, TypeName>): readonly Kind[] {
  const problems: string[] = []
  const kinds = columns.map(({ name, type }): Kind => {
    const known = KINDS[type]
    if (known) return known
    const { name: typeName = String(type), category = '' } = types.get(type) ?? {}
    if (category === 'E') return 'text'
    problems.push(
      category === 'A'
        ? `column ${name} is an array (${typeName}): select its elements as rows, or one of them`
        : `column ${name} has the type ${typeName}, which no field keeps: cast it in the query`,
    )
    return 'text'
  })
  if (problems.length > 0) throw new ConfigurationError('The columns cannot be read', problems)
  return kinds
}

/** @returns the text that a mapping reads, by its own forms: times as ISO 8601 where they have an offset */
export function cellText(kind: Kind, text: string): string {
  switch (kind) {
    case 'boolean':
      return text === 't' ? 'true' : 'false'
    case 'timestamptz':
      return isoTime(text)
    case 'padded':
      return text.replace(/ +$/, '')
    default:
      return text
  }
}

/**
 * Columns with the names of the fields.
 *
 * @param left out names of columns that are no field and are for the cursor only
 * @param zone of times without an offset
 * @throws ConfigurationError when a column is no field, a required field has no column, or a time has no offset and no zone
 */
export function columnConverter(
  contract: FeedContract,
  columns: readonly Column[],
  kinds: readonly Kind[],
  leftOut: readonly string[],
  zone: string | undefined,
): (cells: Cells) => Converted {
  const fields = new Map(contract.fields.map((field) => [field.name, field]))
  const problems = [
    ...columns.flatMap(({ name }) =>
      fields.has(name) || leftOut.includes(name) ? [] : `column ${name} is no field of ${contract.feed}`,
    ),
    ...contract.fields.flatMap((field) =>
      field.nullable || field.default !== undefined || columns.some(({ name }) => name === field.name)
        ? []
        : `${contract.feed} requires '${field.name}': no column has this name`,
    ),
    ...columns.flatMap(({ name }, at) =>
      kinds[at] === 'timestamp' && fields.has(name) && zone === undefined
        ? `column ${name} is a time without an offset: --time-zone says which clock it is of`
        : [],
    ),
  ]
  if (problems.length > 0)
    throw new ConfigurationError('The columns do not fit the feed', [
      ...problems,
      'name the columns as the fields in --query, or give a --mapping',
    ])
  const local = zone === undefined ? undefined : localTime(zone)
  const plans = columns.flatMap(({ name }, at) => {
    const field = fields.get(name)
    return field ? [{ name, at, read: reader(kinds[at] ?? 'text', field, local) }] : []
  })
  return (cells) => {
    const record: Record<string, unknown> = {}
    const refused: Refusal[] = []
    for (const { name, at, read } of plans) {
      const text = cells[at]
      if (text === null || text === undefined) continue
      const value = read(text)
      if (typeof value === 'object')
        refused.push({
          pointer: `/${name}`,
          path: `column ${name}`,
          rule: value.fault,
          detail: FAULTS[value.fault].text,
        })
      else record[name] = value
    }
    return refused.length > 0 ? { refused } : { record }
  }
}

type Value = string | number | boolean | { readonly fault: RecordFault }

function reader(kind: Kind, field: FieldContract, local: LocalTime | undefined): (text: string) => Value {
  if (field.kind === 'string' || field.kind === 'enum') return (text) => cellText(kind, text)
  switch (kind) {
    case 'integer':
    case 'decimal':
      return exactNumber
    case 'boolean':
      return (text) => text === 't'
    case 'timestamp':
      return (text) => {
        const time = parseTimestamp(isoTime(`${text}+00`))
        const moment = time === undefined ? undefined : local?.(time)
        if (moment === undefined) return { fault: 'timestamp' }
        return field.kind === 'long' ? moment : new Date(moment).toISOString()
      }
    case 'timestamptz':
      return (text) => {
        const time = parseTimestamp(isoTime(text))
        if (time === undefined) return { fault: 'timestamp' }
        return field.kind === 'long' ? time : isoTime(text)
      }
    case 'date':
    case 'text':
    case 'padded':
      return (text) => cellText(kind, text)
  }
}

/** `2025-03-01 10:00:00.5+00` as ISO 8601; what is no such time stays, and is refused as none. */
function isoTime(text: string): string {
  const [, day = '', time = '', offset = '', minutes = '00'] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(?::(\d\d))?$/.exec(text) ?? []
  if (day === '') return text
  return `${day}T${time}${offset === '+00' && minutes === '00' ? 'Z' : `${offset}:${minutes}`}`
}

/** @returns the number, if a double has all its digits: PostgreSQL's numeric has more */
function exactNumber(text: string): Value {
  const value = Number(text)
  return Number.isFinite(value) && digitsOf(text) === digitsOf(String(value)) ? value : { fault: 'number-range' }
}

/** @returns a decimal number as sign, digits without zeros around them, and exponent: the same for the same number */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const power = Number(exponent) - fraction.length + (digits.length - significant.length)
  return `${sign === '-' ? '-' : ''}${significant}e${power}`
}
