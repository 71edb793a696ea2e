/**
 * Values of Parquet columns in the form of the contract's JSON. The library is given the file's schema without its logical types, so that values come as
 * they are stored: its own decimals are multiplied as doubles, and its timestamps are cut.
 */
import type { SchemaElement } from 'hyparquet'
import { formatDate } from '#core/contract/calendar.ts'
import type { FieldContract, ValueKind } from '#core/contract/types.ts'

export type Stored = boolean | number | bigint | Uint8Array | null | undefined
/** @returns the value for JSON; undefined when the field cannot hold it exactly */
export type ReadValue = (stored: Exclude<Stored, null | undefined>) => unknown

/** What a column is, of what the format can say. */
type Logical =
  | 'text'
  | 'integer'
  | 'unsigned'
  | 'decimal'
  | 'date'
  | 'timestamp'
  | 'local-timestamp'
  | 'uuid'
  | 'plain'
  | 'other'

/** 10 to the power of the digits after the point. */
const UNITS: Readonly<Record<string, number>> = { MILLIS: 3, MICROS: 6, NANOS: 9 }
const CONVERTED: Readonly<Record<string, Logical>> = {
  UTF8: 'text',
  ENUM: 'text',
  DECIMAL: 'decimal',
  DATE: 'date',
  TIMESTAMP_MILLIS: 'timestamp',
  TIMESTAMP_MICROS: 'timestamp',
  INT_8: 'integer',
  INT_16: 'integer',
  INT_32: 'integer',
  INT_64: 'integer',
  UINT_8: 'unsigned',
  UINT_16: 'unsigned',
  UINT_32: 'unsigned',
  UINT_64: 'unsigned',
}

/** Why a column cannot be read as a field. */
export class Unfit {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

/** @returns how the column's values are read as the field's */
export function valueReader(element: SchemaElement, { kind }: Pick<FieldContract, 'kind'>): ReadValue | Unfit {
  const logical = logicalOf(element)
  if (element.type === 'INT96') return new Unfit('INT96 says no time zone: write timestamps as INT64, adjusted to UTC')
  if (logical === 'local-timestamp' && (kind === 'timestamp' || kind === 'long'))
    return new Unfit('its times are in no time zone: write them adjusted to UTC')
  return READERS[kind](element, logical) ?? new Unfit(`${described(element)} cannot be read as ${kind}`)
}

type Reader = (element: SchemaElement, logical: Logical) => ReadValue | undefined

const text: Reader = (element, logical) => {
  if (logical === 'uuid') return (stored) => uuid(stored as Uint8Array)
  if (element.type === 'BYTE_ARRAY' && (logical === 'text' || logical === 'plain')) return decoded
  return element.type === 'INT32' || element.type === 'INT64' ? integerText(logical) : undefined
}
const integer: Reader = (_element, logical) => {
  const digits = integerText(logical)
  return digits && ((stored) => exact(digits(stored)))
}

const READERS: Readonly<Record<ValueKind, Reader>> = {
  string: text,
  enum: (element, logical) => (element.type === 'BYTE_ARRAY' ? text(element, logical) : undefined),
  boolean: ({ type }) => (type === 'BOOLEAN' ? (stored) => stored : undefined),
  double: (element, logical) => {
    if (element.type === 'DOUBLE' || (element.type === 'FLOAT' && logical === 'plain')) return (stored) => stored
    if (logical === 'decimal') return (stored) => exact(decimalText(stored, element.scale ?? 0))
    return integer(element, logical)
  },
  integer: wholeNumber,
  long: (element, logical) =>
    logical === 'timestamp'
      ? (stored) => milliseconds(BigInt(stored as bigint), digitsOf(element))
      : wholeNumber(element, logical),
  date: (element, logical) => {
    if (logical === 'date') return (stored) => formatDate(Number(stored))
    return element.type === 'BYTE_ARRAY' ? text(element, logical) : undefined
  },
  timestamp: (element, logical) => {
    if (logical === 'timestamp') return (stored) => timestampText(BigInt(stored as bigint), digitsOf(element))
    return element.type === 'BYTE_ARRAY' ? text(element, logical) : undefined
  },
}

function wholeNumber(element: SchemaElement, logical: Logical): ReadValue | undefined {
  if (logical === 'decimal' && (element.scale ?? 0) === 0) return (stored) => exact(decimalText(stored, 0))
  return integer(element, logical)
}

function logicalOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): Logical {
  switch (logical?.type) {
    case 'TIMESTAMP':
      return logical.isAdjustedToUTC ? 'timestamp' : 'local-timestamp'
    case 'INTEGER':
      return logical.isSigned ? 'integer' : 'unsigned'
    case 'STRING':
    case 'ENUM':
      return 'text'
    case 'UUID':
      return 'uuid'
    case 'DECIMAL':
      return 'decimal'
    case 'DATE':
      return 'date'
    case undefined:
      break
    default:
      return 'other'
  }
  if (converted !== undefined) return CONVERTED[converted] ?? 'other'
  return type === 'INT32' || type === 'INT64' ? 'integer' : 'plain'
}

function digitsOf({ converted_type: converted, logical_type: logical }: SchemaElement): number {
  if (logical?.type === 'TIMESTAMP') return UNITS[logical.unit] ?? 0
  return converted === 'TIMESTAMP_MICROS' ? 6 : 3
}

function described({ type, converted_type: converted, logical_type: logical }: SchemaElement): string {
  return [type, logical?.type ?? converted].filter((one) => one !== undefined).join(' ')
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decoded(stored: unknown): string | undefined {
  try {
    return utf8.decode(stored as Uint8Array)
  } catch {
    return undefined
  }
}

function integerText(logical: Logical): ((stored: unknown) => string) | undefined {
  if (logical === 'integer') return (stored) => String(stored)
  if (logical !== 'unsigned') return undefined
  return (stored) =>
    typeof stored === 'bigint' ? String(BigInt.asUintN(64, stored)) : String((stored as number) >>> 0)
}

/** @returns the number with all digits of the text, undefined where a double has not all of them */
function exact(digits: string): number | undefined {
  const number = Number(digits)
  if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(number) ? number : undefined
  const [, mantissa = ''] = /^-?(\d+\.?\d*)/.exec(digits) ?? []
  const significant = mantissa.replace('.', '').replace(/^0+/, '').replace(/0+$/, '')
  // A double has any number of 15 digits, and is written with them.
  return significant.length <= 15 ? number : undefined
}

function decimalText(stored: unknown, scale: number): string {
  const unscaled = stored instanceof Uint8Array ? signed(stored) : BigInt(stored as number | bigint)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Two's complement, the highest byte first. */
function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

function uuid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Below this, JavaScript has no date. */
const MAX_SECONDS = 8_640_000_000_000n

/** @returns ISO 8601 with as many digits as the unit has */
function timestampText(value: bigint, digits: number): string | undefined {
  const unit = 10n ** BigInt(digits)
  const seconds = (value - (((value % unit) + unit) % unit)) / unit
  if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS) return undefined
  const fraction = String(value - seconds * unit).padStart(digits, '0')
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}.${fraction}Z`
}

function milliseconds(value: bigint, digits: number): number | undefined {
  const time = Number(value / 10n ** BigInt(digits - 3))
  return Number.isSafeInteger(time) ? time : undefined
}
