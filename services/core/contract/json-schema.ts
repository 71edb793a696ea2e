/** The contract as JSON Schema (draft 2020-12), for OpenAPI 3.1: what `recordReader(contract, 'json')` accepts. */
import type { FeedContract, FieldContract } from './types.ts'

export type JsonSchema = { readonly [key: string]: unknown }

export function recordJsonSchema(contract: FeedContract): JsonSchema {
  return {
    type: 'object',
    title: contract.name,
    description: contract.doc,
    additionalProperties: false,
    required: contract.fields
      .filter((field) => !field.nullable && field.default === undefined)
      .map((field) => field.name),
    properties: Object.fromEntries(contract.fields.map((field) => [field.name, fieldSchema(field)])),
  }
}

function fieldSchema(field: FieldContract): JsonSchema {
  const privacy = `${field.privacy.class}: ${field.privacy.action}`
  const base = {
    description: `${field.doc} (privacy ${privacy})`,
    ...(field.default === undefined ? {} : { default: field.default }),
  }
  const type = (name: string) => (field.nullable ? [name, 'null'] : name)
  switch (field.kind) {
    case 'string':
      return { ...base, type: type('string'), maxLength: field.maxLength }
    case 'enum':
      return { ...base, type: type('string'), enum: field.nullable ? [...field.symbols, null] : field.symbols }
    case 'boolean':
      return { ...base, type: type('boolean') }
    case 'double':
      return { ...base, type: type('number') }
    case 'integer':
    case 'long':
      return { ...base, type: type('integer') }
    case 'date':
      return { ...base, type: type('string'), format: 'date' }
    case 'timestamp':
      return { ...base, type: type('string'), format: 'date-time' }
  }
}
