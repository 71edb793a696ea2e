/** Rows as records of a feed, by a mapping. What cannot be read in the declared form is refused with its column and the form; never with a value. */
import { type LocalTime, localTime } from '../contract/local-time.ts'
import type { FeedContract, FieldContract } from '../contract/types.ts'
import { FAULTS } from '../faults/codes.ts'
import { dateForm } from './date-form.ts'
import { columnsOf } from './mapping.ts'
import type { FieldSource, MappingFile } from './mapping-schema.ts'
import type { Refusal } from './refusal.ts'

export type Converted =
  | { readonly record: Readonly<Record<string, unknown>> }
  | { readonly refused: readonly Refusal[] }

type Wrong = Pick<Refusal, 'rule' | 'detail'> & { readonly allowed?: readonly string[] }
type Read = { readonly value: unknown; readonly precision?: string | null } | { readonly wrong: Wrong }

const INTEGER = /^[+-]?\d{1,18}$/
const NO_ZONE: LocalTime = (local) => local

/**
 * @param header names of the columns, each once where it is mapped
 * @param decode bytes of a cell as text, undefined when they are not in the encoding
 */
export function rowConverter(
  mapping: MappingFile,
  contract: FeedContract,
  header: readonly string[],
  decode: (bytes: string) => string | undefined,
): (cells: readonly string[]) => Converted {
  const nulls = new Set(mapping.nulls ?? [])
  const fields = new Map(contract.fields.map((field) => [field.name, field]))
  const explicit = new Set(mapping.fields.map(({ field }) => field))
  const plans = mapping.fields.map((source) => {
    const field = fields.get(source.field) as FieldContract
    const precision = field.precision === undefined || explicit.has(field.precision) ? undefined : field.precision
    return {
      source,
      name: field.name,
      precision,
      at: columnsOf(source).map((name) => header.indexOf(name)),
      read: cellReader(source, field, mapping),
    }
  })
  const text = (bytes: string): string | null | undefined => {
    const decoded = decode(bytes)
    const trimmed = mapping.trim && decoded !== undefined ? decoded.trim() : decoded
    return trimmed !== undefined && (trimmed.trim() === '' || nulls.has(trimmed)) ? null : trimmed
  }
  return (cells) => {
    const record: Record<string, unknown> = {}
    const refused: Refusal[] = []
    for (const { source, name, precision, at, read } of plans) {
      const parts = at.map((index) => text(cells[index] ?? ''))
      const undecodable = parts.indexOf(undefined)
      const given = parts.filter((part) => typeof part === 'string')
      let outcome: Read
      if (undecodable !== -1) outcome = { wrong: { rule: 'charset', detail: FAULTS.charset.text } }
      else if (source.constant !== undefined) outcome = { value: source.constant }
      else if (given.length === 0) outcome = { value: null }
      // Without a part it would be the name of another record, or another time.
      else if (given.length < parts.length)
        outcome = { wrong: { rule: 'required', detail: 'One of the columns that are joined is empty.' } }
      else outcome = read(given.join(source.join ?? ''))
      if ('wrong' in outcome) {
        const column = columnsOf(source)[Math.max(0, undecodable)] ?? ''
        refused.push({
          pointer: `/${name}`,
          path: pathOf(undecodable === -1 ? columnsOf(source) : [column]),
          ...outcome.wrong,
        })
      } else if (outcome.value !== null) {
        record[name] = outcome.value
        if (precision !== undefined && outcome.precision) record[precision] = outcome.precision
      }
    }
    return refused.length > 0 ? { refused } : { record }
  }
}

/** @returns how an error names columns */
function pathOf(columns: readonly string[]): string {
  return `column ${columns.join(' + ')}`
}

/** @returns how an error names what a field is read from; undefined for a constant */
export function sourcePath(source: FieldSource): string | undefined {
  return source.constant === undefined ? pathOf(columnsOf(source)) : undefined
}

function cellReader(source: FieldSource, field: FieldContract, mapping: MappingFile): (text: string) => Read {
  const { format, values } = source
  if (values) {
    const known = new Map(Object.entries(values))
    const allowed = [...known.keys()]
    return (text) =>
      known.has(text)
        ? { value: known.get(text) }
        : { wrong: { rule: 'enum', detail: 'The value is none of those that the mapping lists.', allowed } }
  }
  const form = format === undefined ? undefined : dateForm(format)
  const local = form === undefined || mapping.time_zone === undefined ? NO_ZONE : localTime(mapping.time_zone)
  switch (field.kind) {
    case 'boolean':
      return (text) => (text === 'true' || text === 'false' ? { value: text === 'true' } : wrongType(['true', 'false']))
    case 'long':
      if (form) {
        return (text) => {
          const moment = form.moment(text, local)
          return moment ? { value: moment.time } : wrongDate(form.form)
        }
      }
      return (text) => (INTEGER.test(text) ? { value: Number(text) } : wrongType(['a whole number']))
    case 'integer':
      return (text) => (INTEGER.test(text) ? { value: Number(text) } : wrongType(['a whole number']))
    case 'double': {
      const separator = mapping.decimal ?? '.'
      const number = new RegExp(`^[+-]?(?:\\d+(?:\\${separator}\\d*)?|\\${separator}\\d+)(?:[eE][+-]?\\d{1,3})?$`)
      return (text) =>
        number.test(text)
          ? { value: Number(text.replace(separator, '.')) }
          : wrongType([`a number, with '${separator}' before its decimals`])
    }
    case 'date':
      if (!form) return (text) => ({ value: text })
      return (text) => {
        const day = form.day(text)
        return day === undefined ? wrongDate(form.form) : { value: day }
      }
    case 'timestamp':
      if (!form) return (text) => ({ value: text })
      return (text) => {
        const moment = form.moment(text, local)
        return moment
          ? { value: new Date(moment.time).toISOString(), precision: moment.precision }
          : wrongDate(form.form)
      }
    case 'string':
    case 'enum':
      return (text) => ({ value: text })
  }
}

function wrongType(allowed: readonly string[]): Read {
  return { wrong: { rule: 'type', detail: FAULTS.type.text, allowed } }
}

function wrongDate(form: string): Read {
  return {
    wrong: {
      rule: 'date',
      detail: 'The value is not a date of the calendar, or not in the form of the mapping.',
      allowed: [form],
    },
  }
}
