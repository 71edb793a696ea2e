/**
 * Reads a record against its contract: every fault at once, by field and rule, never with a value. Compiled once per feed.
 */
import type { RecordFault } from '../faults/codes.ts'
import type { FaultDetail, FaultDetails } from '../pipeline/verdict.ts'
import { parseCalendarDate, parseTimestamp } from './calendar.ts'
import type { FeedContract, FieldContract } from './types.ts'

export type RecordRead =
  | { readonly ok: true; readonly record: Record<string, unknown> }
  | { readonly ok: false; readonly faults: FaultDetails }

/** `json`: dates and timestamps are ISO 8601 text. `avro`: they are days and milliseconds since 1970. */
export type ValueSource = 'json' | 'avro'

const MAX_FAULTS = 20

/** @returns a function that turns a decoded object into the values of the contract's Avro schema, in its order */
export function recordReader(contract: FeedContract, source: ValueSource): (raw: unknown) => RecordRead {
  const known = new Map(contract.fields.map((field) => [field.name, fieldReader(field, source)]))
  return (raw) => {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
      return { ok: false, faults: [{ pointer: '', rule: 'not-an-object' }] }
    const given = raw as Record<string, unknown>
    const faults: FaultDetail[] = []
    const record: Record<string, unknown> = {}
    for (const field of contract.fields) {
      const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined
      const read = known.get(field.name)?.(value)
      if (read === undefined) continue
      if (read.fault) faults.push({ pointer: `/${field.name}`, rule: read.fault })
      else record[field.name] = read.value
    }
    // Never by name: what a producer sends as a name can be a value, for instance in a map keyed by patient.
    if (Object.keys(given).some((name) => !known.has(name))) faults.push({ pointer: '', rule: 'unknown-field' })
    const [first, ...others] = faults
    return first ? { ok: false, faults: [first, ...others.slice(0, MAX_FAULTS - 1)] } : { ok: true, record }
  }
}

type FieldRead = { readonly fault?: undefined; readonly value: unknown } | { readonly fault: RecordFault }

function fieldReader(field: FieldContract, source: ValueSource): (value: unknown) => FieldRead {
  const read = valueReader(field, source)
  return (value) => {
    if (value === undefined && field.default !== undefined) return { value: field.default }
    if (value === undefined || value === null) return field.nullable ? { value: null } : { fault: 'required' }
    return read(value)
  }
}

function valueReader(field: FieldContract, source: ValueSource): (value: unknown) => FieldRead {
  switch (field.kind) {
    case 'string': {
      const mayBeEmpty = field.privacy.action !== 'pseudonymise'
      return (value) => {
        if (typeof value !== 'string' || !value.isWellFormed()) return { fault: 'type' }
        if (value.length > field.maxLength) return { fault: 'max-length' }
        return mayBeEmpty || value.trim() !== '' ? { value } : { fault: 'empty' }
      }
    }
    case 'enum': {
      const symbols = new Set(field.symbols)
      return (value) =>
        typeof value !== 'string' ? { fault: 'type' } : symbols.has(value) ? { value } : { fault: 'enum' }
    }
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? { value } : { fault: 'type' })
    case 'double': {
      // Digits of JSON beyond 2^53 may already be other digits; an Avro double is the number that its producer had.
      const largest = source === 'json' ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE
      return (value) =>
        typeof value !== 'number'
          ? { fault: 'type' }
          : Math.abs(value) <= largest
            ? { value }
            : { fault: 'number-range' }
    }
    case 'integer':
      return (value) => integer(value, -2_147_483_648, 2_147_483_647)
    case 'long':
      return (value) => integer(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    case 'date':
      if (source === 'avro') return (value) => range(value, -719_162, 2_932_896, 'date')
      return (value) => text(value, parseCalendarDate, 'date')
    case 'timestamp':
      if (source === 'avro') return (value) => range(value, -62_135_596_800_000, 253_402_300_799_999, 'timestamp')
      return (value) => text(value, parseTimestamp, 'timestamp')
  }
}

function integer(value: unknown, min: number, max: number): FieldRead {
  if (typeof value !== 'number') return { fault: 'type' }
  return Number.isInteger(value) && value >= min && value <= max ? { value } : { fault: 'number-range' }
}

function range(value: unknown, min: number, max: number, fault: RecordFault): FieldRead {
  if (typeof value !== 'number' || !Number.isInteger(value)) return { fault: 'type' }
  return value >= min && value <= max ? { value } : { fault }
}

function text(value: unknown, parse: (text: string) => number | undefined, fault: RecordFault): FieldRead {
  if (typeof value !== 'string') return { fault: 'type' }
  const parsed = parse(value)
  return parsed === undefined ? { fault } : { value: parsed }
}
