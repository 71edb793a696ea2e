/**
 * The schema of a contract for editors (JSON Schema draft-07, which they all read): made from the reader's own schema and its tables, so that what an
 * editor marks is what `feeds check` says. What needs two fields, a code of its own or another contract only `feeds check` knows.
 */
import Type, { type TObject, type TSchema } from 'typebox'
import { symbolsOf, wordsOf } from '../schema/describe.ts'
import { ACTIONS, CLASS_ALLOWS } from './actions.ts'
import type { JsonSchema } from './json-schema.ts'
import { CHECKS } from './parse-field.ts'
import { Contract, Field } from './schema.ts'
import type { PrivacyAction, PrivacyClass, ValueKind } from './types.ts'

/** Where it is published, beside the folder of the contracts. */
export const EDITOR_SCHEMA_FILE = 'schemas/feed-contract.schema.json'

/** Keywords of JSON Schema that the schema of a contract uses; the reader's own annotations are for its messages. */
const KEYWORDS = [
  'type',
  'const',
  'enum',
  'pattern',
  'minLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'minItems',
  'maxItems',
  'additionalProperties',
  'required',
] as const

export function editorSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Contract of a feed of Chainon',
    $comment: 'Made from services/core/contract/schema.ts by `chainon config --write`; a test compares the two.',
    ...convert(Contract),
  }
}

function convert(schema: TSchema): JsonSchema {
  const given = schema as Readonly<Record<string, unknown>>
  const { description } = given
  return {
    ...(description === undefined ? {} : { description }),
    ...Object.fromEntries(KEYWORDS.filter((key) => key in given).map((key) => [key, given[key]])),
    ...parts(schema),
    ...conditions(schema),
  }
}

function parts(schema: TSchema): JsonSchema {
  if (Type.IsObject(schema)) return { properties: propertiesOf(schema) }
  if (Type.IsTuple(schema))
    return { items: schema.items.map(convert), minItems: schema.items.length, additionalItems: false }
  if (Type.IsArray(schema)) return { items: convert(schema.items) }
  return Type.IsUnion(schema) ? { anyOf: schema.anyOf.map(convert) } : {}
}

function propertiesOf(schema: TObject): JsonSchema {
  const action = actionOf(schema)
  const classes = (Object.keys(CLASS_ALLOWS) as PrivacyClass[]).filter(
    (one) => action !== undefined && CLASS_ALLOWS[one].includes(action),
  )
  const entries = Object.entries(schema.properties).map(([key, property]) => {
    const converted = convert(property)
    return [key, action !== undefined && key === 'class' ? { ...converted, enum: classes } : converted]
  })
  return Object.fromEntries(entries)
}

/** @returns the privacy action of one of the variants of `privacy` */
function actionOf(schema: TObject): PrivacyAction | undefined {
  const [action] = 'class' in schema.properties ? symbolsOf(schema.properties.action ?? Type.Unknown()) : []
  return action as PrivacyAction | undefined
}

/** What the reader checks by its own code, where a keyword says the same. */
function conditions(schema: TSchema): JsonSchema {
  const { needsOneOf } = wordsOf(schema)
  if (needsOneOf) return { anyOf: needsOneOf.map((key) => ({ required: [key] })) }
  if (schema === Contract) return { allOf: HAS_ITS_FIELDS }
  if (schema !== Field) return {}
  const actions = (Object.keys(ACTIONS) as PrivacyAction[]).flatMap((action) => {
    const { kinds } = ACTIONS[action]
    return kinds === 'all' ? [] : [when({ privacy: has({ action: { const: action } }) }, has({ type: typeOf(kinds) }))]
  })
  const rules = Object.entries(CHECKS).map(([check, { kinds }]) =>
    when({ rules: { type: 'array', contains: has({ check: { const: check } }) } }, has({ type: typeOf(kinds) })),
  )
  const isNull = when({ type: { type: 'array' } }, has({ default: { const: null } }))
  const keptString = when(
    { type: typeOf(['string']), privacy: has({ action: { const: 'keep' } }) },
    { properties: { privacy: { required: ['guard'] } } },
  )
  const length = { anyOf: [{ not: { required: ['maxLength'] } }, has({ type: typeOf(['string']) })] }
  return { allOf: [isNull, keptString, length, ...actions, ...rules] }
}

const HAS_ITS_FIELDS = [
  {
    name: { const: 'record_id' },
    privacy: has({ action: { const: 'pseudonymise' }, domain: { const: 'record' } }),
  },
  { name: { const: 'operation' }, type: has({ symbols: { const: ['upsert', 'cancel'] } }) },
].map((field) => ({ properties: { fields: { contains: has(field) } } }))

/** @returns a schema for an object that has each of these keys, with such a value */
function has(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { required: Object.keys(properties), properties }
}

/** Without `if`: an object with the key `then` would be taken for a promise. */
function when(condition: Readonly<Record<string, JsonSchema>>, demanded: JsonSchema): JsonSchema {
  return { anyOf: [{ not: { type: 'object', ...has(condition) } }, demanded] }
}

const TYPES: Readonly<Record<ValueKind, JsonSchema>> = {
  string: { const: 'string' },
  integer: { const: 'int' },
  long: { const: 'long' },
  double: { const: 'double' },
  boolean: { const: 'boolean' },
  date: { type: 'object', ...has({ logicalType: { const: 'date' } }) },
  timestamp: { type: 'object', ...has({ logicalType: { const: 'timestamp-millis' } }) },
  enum: { type: 'object', ...has({ type: { const: 'enum' } }) },
}

/** @returns a schema for the types of these kinds, also where the value may be null */
function typeOf(kinds: readonly ValueKind[]): JsonSchema {
  const one = { anyOf: kinds.map((kind) => TYPES[kind]) }
  return { anyOf: [one, { type: 'array', items: [{ const: 'null' }, one], minItems: 2, additionalItems: false }] }
}
