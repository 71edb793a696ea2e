/**
 * What a new version of a schema changes, and whether it can still read what was written before: the rule of the registry (BACKWARD_TRANSITIVE),
 * decided field by field by the library that the services read with, so that the field can be named.
 */
import avsc from 'avsc'
import type { AvroRecordSchema } from './avro-schemas.ts'

export interface SchemaChange {
  /** Undefined for the record as a whole. */
  readonly field?: string
  readonly what: 'added' | 'removed' | 'type' | 'default' | 'name'
  /** What it was and is, or the type of what is added or removed. */
  readonly text: string
  /** Why what was written before cannot be read, or would be misread; undefined when it can. */
  readonly problem?: string
}

type SchemaField = AvroRecordSchema['fields'][number]

/** @returns the changes in the order of the fields of the new schema, then what it has no more */
export function schemaChanges(before: AvroRecordSchema, after: AvroRecordSchema): readonly SchemaChange[] {
  const known = new Map(before.fields.map((field) => [field.name, field]))
  const left = new Set(after.fields.map(({ name }) => name))
  const renamed: readonly SchemaChange[] =
    before.name === after.name && before.namespace === after.namespace
      ? []
      : [
          {
            what: 'name',
            text: `${before.namespace}.${before.name} -> ${after.namespace}.${after.name}`,
            problem: 'a record of another name cannot be read: a new feed is a new file',
          },
        ]
  const removed = before.fields.filter(({ name }) => !left.has(name))
  return [
    ...renamed,
    ...after.fields.flatMap((field) => fieldChanges(known.get(field.name), field)),
    ...removed.map(({ name, type }) => ({ field: name, what: 'removed' as const, text: typeWords(type) })),
  ]
}

function fieldChanges(before: SchemaField | undefined, after: SchemaField): readonly SchemaChange[] {
  const { name: field } = after
  if (!before) {
    const problem =
      'default' in after ? {} : { problem: 'a new field needs a default: what was written before lacks it' }
    return [{ field, what: 'added', text: typeWords(after.type), ...problem }]
  }
  const changes: SchemaChange[] = []
  if (JSON.stringify(before.type) !== JSON.stringify(after.type)) {
    const problem = typeProblem(before.type, after.type)
    const text = `${typeWords(before.type)} -> ${typeWords(after.type)}`
    changes.push({ field, what: 'type', text, ...(problem === undefined ? {} : { problem }) })
  }
  if (JSON.stringify(before.default) !== JSON.stringify(after.default)) {
    const words = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
    changes.push({ field, what: 'default', text: `${words(before.default)} -> ${words(after.default)}` })
  }
  return changes
}

/** @returns why values of the type before cannot be read as the type after; undefined when they can */
function typeProblem(before: unknown, after: unknown): string | undefined {
  const [old, now] = [partsOf(before), partsOf(after)]
  if (old.nullable && !now.nullable) return 'null was allowed before'
  // The registry does not look at it, and a date would be read as a number.
  if (old.logical !== now.logical) return 'the same number would have another meaning'
  if (isReadable(old.type, now.type)) return undefined
  if (old.symbols && now.symbols) {
    const gone = old.symbols.filter((symbol) => !now.symbols?.includes(symbol))
    return gone.length > 0
      ? `what was written before has ${gone.join(', ')}: keep the symbol, or give the enum a default`
      : 'the name of the enum is another one'
  }
  return 'a type may only widen: int to long or double, long to double, a type to one that may be null'
}

interface Parts {
  readonly nullable: boolean
  /** Without null. */
  readonly type: unknown
  readonly logical: unknown
  readonly symbols: readonly string[] | undefined
}

function partsOf(type: unknown): Parts {
  if (Array.isArray(type)) return { ...partsOf(type.find((one: unknown) => one !== 'null')), nullable: true }
  const given = (typeof type === 'object' && type !== null ? type : {}) as Readonly<Record<string, unknown>>
  return {
    nullable: false,
    type,
    logical: given.logicalType,
    symbols: given.type === 'enum' ? (given.symbols as readonly string[]) : undefined,
  }
}

function isReadable(before: unknown, after: unknown): boolean {
  const parsed = (type: unknown) =>
    avsc.Type.forSchema({ type: 'record', name: 'R', fields: [{ name: 'f', type }] } as unknown as avsc.Schema, {
      registry: {},
      logicalTypes: {},
    })
  try {
    parsed(after).createResolver(parsed(before))
    return true
  } catch {
    return false
  }
}

/** A type in a word: `date`, `enum of a, b`, `string or null`. */
function typeWords(type: unknown): string {
  const { logical, nullable, symbols, type: one } = partsOf(type)
  const word =
    typeof logical === 'string'
      ? logical
      : symbols
        ? `enum of ${symbols.join(', ')}`
        : typeof one === 'string'
          ? one
          : JSON.stringify(one)
  return nullable ? `${word} or null` : word
}
