/** Which changes of a contract the registry takes, and that each is named with its field. The real registry: test/contract/evolution.test.ts. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ContractChange, contractChanges } from '#core/contract/contract-changes.ts'
import { parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'

type Editable = Record<string, unknown> & { fields: Record<string, unknown>[] }
const KEEP = { class: 'none', action: 'keep' }
const grade = (symbols: readonly string[], more: object = {}) => ({ type: 'enum', name: 'Grade', symbols, ...more })
const DATE = { type: 'int', logicalType: 'date' }

function contract(change: (json: Editable) => void = () => undefined): FeedContract {
  const json = JSON.parse(readFileSync('schemas/feeds/observation.avsc', 'utf8')) as Editable
  json.fields.push(
    { name: 'count', type: 'int', doc: 'Count', default: 1, privacy: KEEP },
    { name: 'day', type: ['null', DATE], doc: 'Day', default: null, privacy: { class: 'date', action: 'drop' } },
    { name: 'grade', type: { type: 'enum', name: 'Grade', symbols: ['a', 'b'] }, doc: 'Grade', privacy: KEEP },
  )
  change(json)
  const result = parseContract('observation', JSON.stringify(json))
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}

const field = (json: Editable, name: string): Record<string, unknown> =>
  json.fields.find((one) => one.name === name) ?? {}
const set = (name: string, more: object) => (json: Editable) => void Object.assign(field(json, name), more)
const add = (more: object) => (json: Editable) =>
  void json.fields.push({ name: 'more', doc: 'More', privacy: KEEP, ...more })
const changes = (change: (json: Editable) => void): readonly ContractChange[] =>
  contractChanges(contract(), contract(change))
const problems = (change: (json: Editable) => void) =>
  changes(change).flatMap(({ field: name, problem }) => (problem === undefined ? [] : [[name, problem]]))

it('finds nothing between two equal contracts, whatever their descriptions', () => {
  expect(changes((json) => void Object.assign(json, { doc: 'Another text' }))).toEqual([])
})

describe('compatible', () => {
  it.each<[string, (json: Editable) => void, object]>([
    ['a new field with a default', add({ type: 'int', default: 0 }), { field: 'more', what: 'added', text: 'int' }],
    ['a wider number', set('count', { type: 'long' }), { field: 'count', what: 'type', text: 'int -> long' }],
    ['a number with decimals', set('count', { type: 'double' }), { field: 'count', what: 'type' }],
    [
      'a type that may be null',
      set('grade', { type: ['null', grade(['a', 'b'])], default: null }),
      { field: 'grade', what: 'type' },
    ],
    [
      'one more symbol',
      set('grade', { type: { type: 'enum', name: 'Grade', symbols: ['a', 'b', 'c'] } }),
      { field: 'grade', what: 'type', text: 'enum of a, b -> enum of a, b, c' },
    ],
    [
      'a symbol less, with a default',
      set('grade', { type: { type: 'enum', name: 'Grade', symbols: ['a', 'z'], default: 'z' } }),
      { field: 'grade', what: 'type' },
    ],
    ['a field less', (json) => void json.fields.splice(json.fields.length - 1, 1), { field: 'grade', what: 'removed' }],
    ['another default', set('count', { default: 2 }), { field: 'count', what: 'default', text: '1 -> 2' }],
    [
      'another privacy that leaves the same type',
      set('count', { privacy: { ...KEEP, action: 'round', step: 5 } }),
      { field: 'count', what: 'privacy' },
    ],
    [
      'a longer text',
      set('comment', { maxLength: 9000 }),
      { field: 'comment', what: 'length', text: 'maxLength 4096 -> 9000' },
    ],
    [
      'a new rule',
      set('count', { rules: [{ id: 'few', check: 'range', max: 9, severity: 'flag' }] }),
      { field: 'count', what: 'rule', text: 'few is new (flag)' },
    ],
    [
      'a rule of the record less',
      (json) => void Object.assign(json, { rules: [] }),
      { what: 'rule', text: 'number-has-unit is removed' },
    ],
    ['other facts', (json) => void Object.assign(json, { facts: undefined }), { what: 'contract' }],
  ])('%s', (_what, change, expected) => {
    expect(changes(change)).toContainEqual(expect.objectContaining(expected))
    expect(problems(change)).toEqual([])
  })
})

describe('not compatible', () => {
  it.each<[string, (json: Editable) => void, string, string]>([
    ['a new field without a default', add({ type: 'int' }), 'more', 'needs a default'],
    [
      'a number as text',
      set('count', { type: 'string', default: '1', privacy: { class: 'none', action: 'drop' } }),
      'count',
      'only widen',
    ],
    [
      'a date as a number',
      set('day', { type: ['null', 'int'], privacy: { class: 'none', action: 'drop' } }),
      'day',
      'another meaning',
    ],
    ['null no more', set('value_number', { type: 'double', default: 0 }), 'value_number', 'null was allowed'],
    [
      'a symbol less',
      set('grade', { type: { type: 'enum', name: 'Grade', symbols: ['b'] } }),
      'grade',
      'has a: keep the symbol',
    ],
    [
      'an enum of another name',
      set('grade', { type: { type: 'enum', name: 'Grades', symbols: ['a', 'b'] } }),
      'grade',
      'the name of the enum',
    ],
    [
      'another name of the column',
      set('patient_ipp', { privacy: { class: 'direct', action: 'pseudonymise', domain: 'patient', as: 'person' } }),
      'patient_ipp',
      'needs a default',
    ],
  ])('%s', (_what, change, name, problem) => {
    expect(problems(change)).toEqual([[name, expect.stringContaining(problem)]])
  })
  it.each<[string, (json: Editable) => void, string, string]>([
    ['a narrower number', set('count', { type: 'long' }), 'count', 'long -> int'],
    [
      'a column that was dropped',
      set('grade', { privacy: { class: 'none', action: 'drop' } }),
      'grade',
      'after de-identification: enum of a, b',
    ],
  ])('%s, for what was written before', (_what, earlier, name, text) => {
    const found = contractChanges(contract(earlier), contract()).filter(({ problem }) => problem !== undefined)
    expect(found).toEqual([expect.objectContaining({ field: name, text: expect.stringContaining(text) })])
  })
  it('a record of another name', () => {
    expect(problems((json) => void Object.assign(json, { name: 'Other' }))).toEqual([
      [undefined, expect.stringContaining('another name')],
    ])
  })
})
