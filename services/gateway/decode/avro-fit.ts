/**
 * Checks that a producer's Avro schema fits a feed, once per body, before any record is decoded: only flat records of
 * primitive values pass, so that no schema can make decoding cost more than the bytes that were sent.
 */
import avsc from 'avsc'
import type { FeedContract, FieldContract, ValueKind } from '#core/contract/types.ts'
import { ProblemError } from '../problem.ts'

/** Avro types of a producer from which each kind of value can be read. */
const READABLE: Record<ValueKind, readonly string[]> = {
  string: ['string', 'enum'],
  enum: ['string', 'enum'],
  boolean: ['boolean'],
  double: ['double', 'float', 'int', 'long'],
  integer: ['int', 'long'],
  long: ['int', 'long'],
  date: ['int'],
  timestamp: ['long'],
}
const LOGICAL: Partial<Record<ValueKind, string>> = { date: 'date', timestamp: 'timestamp-millis' }
const MAX_FIELDS = 500
const MAX_SYMBOLS = 1000

/**
 * @param text JSON of the writer's schema
 * @returns a type that decodes what was written; longs beyond 2^53 decode to Infinity, which the contract then rejects
 * @throws ProblemError foreign-schema naming every field that does not fit
 */
export function writerType(text: string, contract: FeedContract): avsc.Type {
  let schema: unknown
  try {
    schema = JSON.parse(text)
  } catch {
    throw foreign(['the schema is not JSON'])
  }
  if (
    !isObject(schema) ||
    schema.type !== 'record' ||
    !Array.isArray(schema.fields) ||
    schema.fields.length > MAX_FIELDS
  )
    throw foreign(['the schema is not a record'])
  const problems: string[] = []
  const known = new Map(contract.fields.map((field) => [field.name, field]))
  const seen = new Set<string>()
  const fields = schema.fields.map((raw: unknown) => {
    const name = isObject(raw) && typeof raw.name === 'string' ? raw.name : ''
    const field = known.get(name)
    seen.add(name)
    const type = field && isObject(raw) ? fitting(raw.type, field) : undefined
    if (field && type === undefined) problems.push(`'${field.name}' cannot be read as ${field.kind}`)
    return { name, type: type ?? 'null' }
  })
  // Never by name, as in core/contract/record-reader.ts.
  const unknown = [...seen].filter((name) => !known.has(name)).length
  if (unknown > 0) problems.push(`fields that are not in the feed: ${unknown}`)
  for (const field of contract.fields) {
    if (!seen.has(field.name) && !field.nullable && field.default === undefined)
      problems.push(`'${field.name}' is missing`)
  }
  if (problems.length > 0) throw foreign(problems)
  try {
    return avsc.Type.forSchema({ type: 'record', name: 'Sent', fields } as unknown as avsc.Schema, {
      registry: { long: LONG },
      logicalTypes: {},
    })
  } catch {
    throw foreign(['the schema is not valid Avro'])
  }
}

/** @returns the writer's type in a plain form, or undefined when the field cannot be read from it */
function fitting(type: unknown, field: FieldContract): unknown {
  if (Array.isArray(type)) {
    const others = type.filter((branch) => branch !== 'null')
    if (type.length !== 2 || others.length !== 1) return undefined
    const inner = single(others[0], field)
    return inner === undefined ? undefined : type[0] === 'null' ? ['null', inner] : [inner, 'null']
  }
  return single(type, field)
}

function single(type: unknown, field: FieldContract): unknown {
  const shape = typeof type === 'string' ? { type } : type
  if (!isObject(shape) || typeof shape.type !== 'string' || !READABLE[field.kind].includes(shape.type)) return undefined
  // A timestamp in microseconds must not be read as one in milliseconds; without a logical type the unit is that of the contract.
  if (shape.logicalType !== undefined && LOGICAL[field.kind] !== undefined && shape.logicalType !== LOGICAL[field.kind])
    return undefined
  if (shape.type !== 'enum') return shape.type
  const symbols = shape.symbols
  if (!Array.isArray(symbols) || symbols.length > MAX_SYMBOLS || !symbols.every((symbol) => typeof symbol === 'string'))
    return undefined
  return { type: 'enum', name: `Sent_${field.name}`, symbols }
}

const LONG = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => {
    const value = buffer.readBigInt64LE()
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : Number.POSITIVE_INFINITY
  },
  toBuffer: (value: number) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(BigInt(value))
    return buffer
  },
  fromJSON: Number,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'number',
  compare: (a: number, b: number) => a - b,
})

function foreign(problems: readonly string[]): ProblemError {
  const shown = problems.slice(0, 20)
  const more = problems.length - shown.length
  return new ProblemError(
    'foreign-schema',
    `The Avro schema does not fit the feed: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
