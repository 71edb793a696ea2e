import { describe, expect, it } from 'vitest'
import {
  ACTIONS,
  CLASS_ALLOWS,
  isReadable,
  keepsValue,
  ruleZone,
  storedForm,
  survives,
  violationOf,
} from '#core/contract/actions.ts'
import { pseudonymisedSchema, survivingFields } from '#core/contract/avro-schemas.ts'
import { loadContracts } from '#core/contract/load.ts'
import { columnsOf } from '#core/contract/table.ts'
import type { FieldContract, PrivacyAction } from '#core/contract/types.ts'

const contracts = loadContracts('schemas/feeds')
const fields = contracts.flatMap((contract) => contract.fields)
function one(action: PrivacyAction, nullable = true): FieldContract {
  const field = fields.find(({ privacy, ...rest }) => privacy.action === action && rest.nullable === nullable)
  if (!field) throw new Error(`no field with ${action}`)
  return field
}

describe('the table of actions', () => {
  it('decides everything for each action: these lines do not compile', () => {
    const { keep, drop, ...others } = ACTIONS
    // @ts-expect-error an action is missing
    const partial: typeof ACTIONS = { ...others, keep }
    // @ts-expect-error the value that is left has no stored form
    const formless: typeof ACTIONS = { ...others, drop, keep: { leaves: 'value', kinds: 'all' } }
    // @ts-expect-error 'leaves' is missing
    const undecided: typeof ACTIONS = { ...others, keep, drop: { kinds: 'all' } }
    expect([partial, formless, undecided]).toHaveLength(3)
  })

  it.each<[PrivacyAction, unknown]>([
    [
      'pseudonymise',
      { kind: 'string', avroType: ['null', 'string'], default: { default: null }, columnType: 'Nullable(String)' },
    ],
    [
      'truncate',
      {
        kind: 'date',
        avroType: ['null', { type: 'int', logicalType: 'date' }],
        default: { default: null },
        columnType: 'Nullable(Date32)',
      },
    ],
    [
      'generalise',
      {
        kind: 'string',
        avroType: ['null', 'string'],
        default: { default: null },
        columnType: 'LowCardinality(Nullable(String))',
      },
    ],
    ['drop', undefined],
    ['tokenise', undefined],
    [
      'scrub',
      { kind: 'string', avroType: ['null', 'string'], default: { default: null }, columnType: 'Nullable(String)' },
    ],
  ])('%s leaves %j', (action, form) => {
    expect(storedForm(one(action))).toEqual(form)
  })

  it('keep leaves the field as it is written, and nullable where its guard may replace the value by null', () => {
    const kept = fields.filter(({ privacy }) => privacy.action === 'keep')
    const replaced = kept.filter((field) => !field.nullable && violationOf(field) === 'null')
    expect(new Set(replaced.map(({ name }) => name))).toEqual(new Set(['code', 'kind']))
    for (const field of kept) {
      const mayBeNull = field.nullable || replaced.includes(field)
      expect(storedForm(field)?.avroType).toEqual(replaced.includes(field) ? ['null', field.avroType] : field.avroType)
      expect(storedForm(field)?.columnType.includes('Nullable(')).toBe(mayBeNull)
    }
  })

  it('has rules checked after de-identification only where the value itself is left', () => {
    for (const field of fields) {
      expect(ruleZone(field)).toBe(field.privacy.action === 'keep' ? 'pseudonymised' : 'identified')
      expect(keepsValue(field)).toBe(field.privacy.action === 'keep')
    }
  })

  it('lets a filter read values and what is coarser, never a pseudonym', () => {
    const readable = fields.filter(isReadable).map(({ privacy }) => privacy.action)
    expect([...new Set(readable)].toSorted()).toEqual(['generalise', 'keep', 'truncate'])
  })

  it('derives the same fields for the schema, the table and the list of surviving fields', () => {
    for (const contract of contracts) {
      const names = survivingFields(contract).map((field) => field.as)
      expect(contract.fields.filter(survives).map((field) => field.as)).toEqual(names)
      for (const derived of [pseudonymisedSchema(contract).fields, columnsOf(contract)])
        expect(derived.map(({ name }) => name).filter((name) => !name.startsWith('_'))).toEqual(names)
    }
  })

  it('keeps no direct identifier, no text, no professional and no exact place', () => {
    for (const name of ['direct', 'text', 'professional', 'place'] as const)
      expect(CLASS_ALLOWS[name].filter((action) => ACTIONS[action].leaves === 'value')).toEqual([])
  })
})
