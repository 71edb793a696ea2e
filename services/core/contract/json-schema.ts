/**
 * The contract as JSON Schema (draft 2020-12), for OpenAPI 3.1: what `recordReader(contract, 'json')` accepts, and what the rules of severity
 * reject demand. A rule is a keyword where one accepts exactly the same values, else it is listed as the contract has it under `x-chainon-rules`,
 * with the rules of severity flag, which reject nothing.
 */
import { isSpelt } from '../guards/canonical.ts'
import { describeRule } from '../rules/explain.ts'
import type { FeedContract, FieldContract, FieldRule, RecordRule } from './types.ts'

export type JsonSchema = { readonly [key: string]: unknown }

export function recordJsonSchema(contract: FeedContract): JsonSchema {
  return {
    type: 'object',
    title: contract.name,
    description: [contract.doc, ...contract.recordRules.filter(isReject).map(sentence)].join(' '),
    additionalProperties: false,
    required: contract.fields
      .filter((field) => !field.nullable && field.default === undefined)
      .map((field) => field.name),
    properties: Object.fromEntries(contract.fields.map((field) => [field.name, fieldSchema(field)])),
    ...listed(contract.recordRules),
  }
}

function fieldSchema(field: FieldContract): JsonSchema {
  const privacy = `${field.privacy.class}: ${field.privacy.action}`
  const base = {
    description: [`${field.doc} (privacy ${privacy})`, ...field.rules.filter(isReject).map(sentence)].join(' '),
    ...(field.default === undefined ? {} : { default: field.default }),
  }
  return { ...base, ...typeSchema(field), ...rulesSchema(field) }
}

function typeSchema(field: FieldContract): JsonSchema {
  const type = (name: string) => (field.nullable ? [name, 'null'] : name)
  switch (field.kind) {
    case 'string':
      return { type: type('string'), maxLength: field.maxLength }
    case 'enum':
      return { type: type('string'), enum: field.nullable ? [...field.symbols, null] : field.symbols }
    case 'boolean':
      return { type: type('boolean') }
    case 'double':
      return { type: type('number') }
    case 'integer':
    case 'long':
      return { type: type('integer') }
    case 'date':
      return { type: type('string'), format: 'date' }
    case 'timestamp':
      return { type: type('string'), format: 'date-time' }
  }
}

const isReject = ({ severity }: FieldRule | RecordRule) => severity === 'reject'
const sentence = (rule: FieldRule | RecordRule) => `Rejected by ${rule.id}: ${describeRule(rule)}`

function rulesSchema(field: FieldContract): JsonSchema {
  const exact = field.rules.flatMap((rule) => keywordsOf(field, rule) ?? [])
  const others = field.rules.filter((rule) => keywordsOf(field, rule) === undefined)
  // Several rules may have the same keyword.
  return { ...(exact.length > 1 ? { allOf: exact } : (exact[0] ?? {})), ...listed(others) }
}

/** @returns the keywords that accept exactly what the rule passes; undefined when there are none */
function keywordsOf(field: FieldContract, rule: FieldRule): JsonSchema | undefined {
  // A code is judged in the spelling of its code system: others of its spellings are accepted, too.
  if (!isReject(rule) || rule.when !== undefined || isSpelt(field)) return undefined
  switch (rule.check) {
    case 'range':
      return {
        ...(rule.min === undefined ? {} : { minimum: rule.min }),
        ...(rule.max === undefined ? {} : { maximum: rule.max }),
      }
    case 'pattern':
      return { pattern: rule.pattern }
    case 'one-of':
      return { enum: field.nullable ? [...rule.values, null] : rule.values }
    case 'temporal':
    case 'check-digit':
      return undefined
  }
}

function listed(rules: readonly (FieldRule | RecordRule)[]): JsonSchema {
  return rules.length === 0 ? {} : { 'x-chainon-rules': rules }
}
