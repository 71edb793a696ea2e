/** What differs between two versions of a contract: schemas by the rule of the registry, and what no registry knows (privacy, rules, roles). */
import { isDeepStrictEqual } from 'node:util'
import { identifiedSchema, pseudonymisedSchema } from './avro-schemas.ts'
import { type SchemaChange, schemaChanges } from './compatibility.ts'
import type { FeedContract, FieldContract, FieldRule, RecordRule } from './types.ts'

export interface ContractChange {
  readonly field?: string
  readonly what:
    | SchemaChange['what']
    | 'privacy'
    | 'stored'
    | 'rule'
    | 'length'
    | 'linkage'
    | 'precision'
    | 'tells'
    | 'contract'
  readonly text: string
  readonly problem?: string
}

/** @returns every change but those of descriptions, those of the record first, then by field */
export function contractChanges(before: FeedContract, after: FeedContract): readonly ContractChange[] {
  const sent = schemaChanges(identifiedSchema(before), identifiedSchema(after))
  const known = new Map(before.fields.map((field) => [field.name, field]))
  return [
    ...KEYS.flatMap((key) => valueChange('contract', key, before[key], after[key])),
    ...ruleChanges(before.recordRules, after.recordRules),
    ...sent,
    ...after.fields.flatMap((field) => {
      const old = known.get(field.name)
      return old ? fieldChanges(old, field).map((change) => ({ field: field.name, ...change })) : []
    }),
    ...columnProblems(before, after, sent),
  ]
}

const KEYS = ['version', 'subject', 'eventTime', 'facts', 'shift', 'objects', 'acceptedLeaks'] as const

function fieldChanges(before: FieldContract, after: FieldContract): readonly ContractChange[] {
  return [
    ...valueChange('privacy', 'privacy', before.privacy, after.privacy),
    ...(before.as === after.as ? [] : [{ what: 'stored' as const, text: `column ${before.as} -> ${after.as}` }]),
    ...(before.kind === 'string' && after.kind === 'string'
      ? valueChange('length', 'maxLength', before.maxLength, after.maxLength)
      : []),
    ...valueChange('linkage', 'linkage', before.linkage, after.linkage),
    ...valueChange('precision', 'precision', before.precision, after.precision),
    ...valueChange('tells', 'tells', before.tells, after.tells),
    ...ruleChanges(before.rules, after.rules),
  ]
}

function ruleChanges(
  before: readonly (FieldRule | RecordRule)[],
  after: readonly (FieldRule | RecordRule)[],
): readonly ContractChange[] {
  const old = new Map(before.map((rule) => [rule.id, rule]))
  const now = new Set(after.map(({ id }) => id))
  const what = 'rule' as const
  return [
    ...after.flatMap((rule): ContractChange[] => {
      const known = old.get(rule.id)
      if (!known) return [{ what, text: `${rule.id} is new (${rule.severity})` }]
      return isDeepStrictEqual(known, rule)
        ? []
        : [{ what, text: `${rule.id}: ${JSON.stringify(known)} -> ${JSON.stringify(rule)}` }]
    }),
    ...before.filter(({ id }) => !now.has(id)).map(({ id }) => ({ what, text: `${id} is removed` })),
  ]
}

function valueChange(
  what: ContractChange['what'],
  key: string,
  before: unknown,
  after: unknown,
): readonly ContractChange[] {
  if (isDeepStrictEqual(before, after)) return []
  const words = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
  return [{ what, text: `${key} ${words(before)} -> ${words(after)}` }]
}

/** What is wrong with the pseudonymised schema alone, whose log is kept: a column without a default, or of another type. */
function columnProblems(
  before: FeedContract,
  after: FeedContract,
  sent: readonly SchemaChange[],
): readonly ContractChange[] {
  const reported = new Set(sent.flatMap(({ field, problem }) => (problem === undefined ? [] : [field])))
  const source = new Map(after.fields.map(({ as, name }) => [as, name]))
  return schemaChanges(pseudonymisedSchema(before), pseudonymisedSchema(after)).flatMap(
    ({ field, problem, text, what }) =>
      problem === undefined || field === undefined || reported.has(source.get(field))
        ? []
        : [{ field: source.get(field) ?? field, what, text: `after de-identification: ${text}`, problem }],
  )
}
