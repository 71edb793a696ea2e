/** The schema for editors: every shipped contract is valid by it, and what it rejects the reader rejects. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { EDITOR_SCHEMA_FILE, editorSchema } from '#core/contract/editor-schema.ts'
import { parseContract } from '#core/contract/parse.ts'

const FEEDS = 'schemas/feeds'
const files = readdirSync(FEEDS).filter((file) => file.endsWith('.avsc'))
const inEditor = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(
  editorSchema(),
)

interface Written {
  [key: string]: unknown
  fields: Record<string, unknown>[]
}
const written = (file: string) => JSON.parse(readFileSync(join(FEEDS, file), 'utf8')) as Written

/** @returns a valid contract with another field, or another key of the contract */
function contractWith(more: object, field?: object): Written {
  const contract = written('observation.avsc')
  const fields = field ? [...contract.fields, { name: 'one_more', doc: 'One more', ...field }] : contract.fields
  return { ...contract, fields, ...more }
}

const dropped = { class: 'none', action: 'drop' }
const DATE = { type: 'int', logicalType: 'date' }
const rule = (more: object) => ({ rules: [{ id: 'a-rule', severity: 'flag', ...more }] })

/** @returns whether editors and reader take the contract */
function verdicts(contract: Written): { readonly editor: boolean; readonly reader: boolean } {
  return { editor: inEditor(contract), reader: parseContract('observation', JSON.stringify(contract)).ok }
}

it('is the published one: `npm run docs` writes it', () => {
  expect(JSON.parse(readFileSync(EDITOR_SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(editorSchema())))
})

it.each(files)('%s is valid, and names the schema for its editor', (file) => {
  const contract = written(file)
  inEditor(contract)
  expect(inEditor.errors ?? []).toEqual([])
  expect(join(FEEDS, String(contract.$schema))).toBe(EDITOR_SCHEMA_FILE)
  expect(parseContract(basename(file, '.avsc'), JSON.stringify(contract)).ok).toBe(true)
})

describe('an editor and the reader both take', () => {
  const keep = { class: 'none', action: 'keep' }
  it.each<[string, object]>([
    ['a dropped text', { type: 'string', privacy: { class: 'text', action: 'drop' } }],
    ['a kept number with a rule', { type: 'double', privacy: keep, ...rule({ check: 'range', min: 0 }) }],
    ['a date cut to its month', { type: DATE, privacy: { class: 'date', action: 'truncate', to: 'month' } }],
    ['a date that may be null', { type: ['null', DATE], default: null, privacy: { class: 'date', action: 'drop' } }],
    ['a kept string with a guard', { type: 'string', privacy: { ...keep, guard: [{ values: ['A'] }] } }],
    ['a kept enum', { type: { type: 'enum', name: 'Kind', symbols: ['a'] }, privacy: keep }],
    ['a rounded number', { type: 'int', privacy: { class: 'none', action: 'round', step: 5 } }],
  ])('%s', (_what, field) => {
    expect(verdicts(contractWith({}, field))).toEqual({ editor: true, reader: true })
  })
})

describe('an editor and the reader both reject', () => {
  it.each<[string, object]>([
    ['no fields', { fields: [] }],
    ['a misspelt key', { event_tim: 'effective_at' }],
    ['another type', { type: 'enum' }],
    ['an empty doc', { doc: '' }],
    ['another key', { key: ['patient_ipp'] }],
    ['a missing version', { version: undefined }],
    ['a fact without values', { facts: [{ field: 'status', values: [] }] }],
    ['a shift of a day', { shift: { within: 1 } }],
    ['a leak that there is not', { accepted_leaks: [{ leak: 'colour', field: 'code', reason: 'none' }] }],
    [
      'a rule of the record with an operator that there is not',
      rule({ check: 'compare', left: 'value_low', operator: '<', right: 'value_high' }),
    ],
    ['no record_id', { fields: written('observation.avsc').fields.slice(1) }],
    ['no operation', { fields: written('observation.avsc').fields.filter(({ name }) => name !== 'operation') }],
  ])('%s', (_what, more) => {
    expect(verdicts(contractWith(more))).toEqual({ editor: false, reader: false })
  })

  it.each<[string, object]>([
    ['no privacy', { type: 'string' }],
    ['a type of Avro that a feed may not use', { type: 'bytes', privacy: dropped }],
    ['a type that is a union of other things', { type: ['string', 'null'], privacy: dropped }],
    ['a type that may be null, without the default', { type: ['null', 'string'], privacy: dropped }],
    ['no doc', { type: 'string', doc: undefined, privacy: dropped }],
    ['an unknown class', { type: 'string', privacy: { class: 'secret', action: 'drop' } }],
    ['an unknown action', { type: 'string', privacy: { class: 'direct', action: 'hash' } }],
    ['a direct identifier that is kept', { type: 'string', privacy: { class: 'direct', action: 'keep' } }],
    ['a text that is kept', { type: 'string', privacy: { class: 'text', action: 'keep' } }],
    ['a kept string without a guard', { type: 'string', privacy: { class: 'none', action: 'keep' } }],
    ['an empty guard case', { type: 'string', privacy: { class: 'none', action: 'keep', guard: [{}] } }],
    [
      'a code system that there is not',
      { type: 'string', privacy: { class: 'none', action: 'keep', guard: [{ codes: ['icd9'] }] } },
    ],
    ['a pseudonym without a domain', { type: 'string', privacy: { class: 'direct', action: 'pseudonymise' } }],
    [
      'a pseudonym of a number',
      { type: 'int', privacy: { class: 'direct', action: 'pseudonymise', domain: 'record' } },
    ],
    ['a shifted string', { type: 'string', privacy: { class: 'date', action: 'shift' } }],
    ['a rounded string', { type: 'string', privacy: { class: 'none', action: 'round', digits: 2 } }],
    [
      'a scrubbed number',
      { type: 'int', privacy: { class: 'text', action: 'scrub', language: 'fr', replacement: 'tags' } },
    ],
    ['a scrubbed text without a language', { type: 'string', privacy: { class: 'text', action: 'scrub' } }],
    ['a length of a number', { type: 'int', maxLength: 3, privacy: dropped }],
    ['a role that there is not', { type: 'string', linkage: 'nickname', privacy: dropped }],
    ['a range of strings', { type: 'string', privacy: dropped, ...rule({ check: 'range', min: 1 }) }],
    ['a range without limits', { type: 'int', privacy: dropped, ...rule({ check: 'range' }) }],
    ['a pattern of numbers', { type: 'int', privacy: dropped, ...rule({ check: 'pattern', pattern: '^1' }) }],
    ['a check that there is not', { type: 'int', privacy: dropped, ...rule({ check: 'even' }) }],
    [
      'a severity that there is not',
      { type: 'int', privacy: dropped, ...rule({ check: 'range', min: 1, severity: 'warn' }) },
    ],
    ['a rule without an id', { type: 'int', privacy: dropped, ...rule({ check: 'range', min: 1, id: undefined }) }],
    ['a stored name of Chainon', { type: DATE, privacy: { class: 'date', action: 'shift', as: '_producer' } }],
  ])('%s', (_what, field) => {
    expect(verdicts(contractWith({}, field))).toEqual({ editor: false, reader: false })
  })
})

it('knows less than the reader where two fields or a code of its own decide', () => {
  const unknown = contractWith({ event_time: 'nowhere' })
  const twice = contractWith({}, { name: 'code', type: 'int', privacy: dropped })
  const pattern = { class: 'none', action: 'keep', guard: [{ pattern: '.*' }] }
  for (const contract of [unknown, twice, contractWith({}, { type: 'string', privacy: pattern })])
    expect(verdicts(contract)).toEqual({ editor: true, reader: false })
})
