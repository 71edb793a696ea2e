/**
 * Chapter 2: a contract.
 *
 * A feed is one file, `schemas/feeds/<feed>.avsc`: an Avro schema whose fields have rules and a privacy policy. Everything else is made
 * from it: what the gateway accepts, the fields that survive de-identification, the table in ClickHouse, the rules.
 */
import { expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { parseContract } from '#core/contract/parse.ts'
import { recordReader } from '#core/contract/record-reader.ts'
import { tableStatements } from '#core/contract/table.ts'
import { compileRules } from '#core/rules/compile.ts'

/** The smallest contract, and three fields of its own. */
const VACCINATION = {
  type: 'record',
  name: 'Vaccination',
  namespace: 'org.chainon.feed',
  doc: 'A vaccine that was given',
  key: ['record_id'],
  version: 'record_version',
  subject: 'patient_ipp',
  event_time: 'given_at',
  fields: [
    {
      name: 'record_id',
      type: 'string',
      doc: 'Id',
      privacy: { class: 'direct', action: 'pseudonymise', domain: 'record' },
    },
    {
      name: 'record_version',
      type: 'long',
      default: 0,
      doc: 'The highest is the current one',
      privacy: { class: 'none', action: 'keep' },
    },
    {
      name: 'operation',
      type: { type: 'enum', name: 'Operation', symbols: ['upsert', 'cancel'] },
      default: 'upsert',
      doc: 'cancel: readers no longer see the record',
      privacy: { class: 'none', action: 'keep' },
    },
    {
      name: 'patient_ipp',
      type: 'string',
      doc: 'Patient',
      privacy: { class: 'direct', action: 'pseudonymise', domain: 'patient', as: 'patient_id' },
    },
    {
      name: 'given_at',
      type: { type: 'long', logicalType: 'timestamp-millis' },
      doc: 'When',
      privacy: { class: 'date', action: 'keep' },
      rules: [{ id: 'not-in-future', check: 'temporal', notAfter: 'received', severity: 'reject' }],
    },
    {
      name: 'code',
      type: 'string',
      doc: 'ATC',
      // A string is kept only if its guard accepts it.
      privacy: { class: 'none', action: 'keep', guard: [{ codes: ['atc'] }] },
      rules: [{ id: 'is-vaccine', check: 'pattern', pattern: '^J07', severity: 'flag' }],
    },
    {
      name: 'nurse',
      type: ['null', 'string'],
      default: null,
      doc: 'By whom',
      privacy: { class: 'professional', action: 'drop' },
    },
  ],
}

const parsed = parseContract('vaccination', JSON.stringify(VACCINATION))
if (!parsed.ok) throw new Error(parsed.problems.join('\n'))
const { contract } = parsed

test('a field without a privacy policy makes the contract invalid: default deny', () => {
  const fields = VACCINATION.fields.map(({ privacy, ...field }) =>
    field.name === 'code' ? field : { ...field, privacy },
  )
  // All problems of a file are reported at once; `chainon feeds check FILE` prints this.
  expect(parseContract('vaccination', JSON.stringify({ ...VACCINATION, fields }))).toEqual({
    ok: false,
    problems: ["field 'code': lacks 'privacy': a field without a privacy policy is never passed on"],
  })
})

test('the gateway validates records with it, and names the field and the rule of each fault', () => {
  const read = recordReader(contract, 'json')
  const good = { record_id: 'v1', patient_ipp: '8001', given_at: '2024-05-06T07:08:09Z', code: 'J07BB02' }
  // Defaults are added; timestamps become milliseconds, as in Avro.
  expect(read(good)).toMatchObject({
    ok: true,
    record: { record_version: 0, given_at: 1_714_979_289_000, nurse: null },
  })
  expect(read({ ...good, given_at: '2024-02-30T00:00:00Z', dose: 1 })).toEqual({
    ok: false,
    faults: [
      { pointer: '/given_at', rule: 'timestamp' },
      { pointer: '', rule: 'unknown-field' },
    ],
  })
})

test('two Avro schemas: one before de-identification and one after it', () => {
  const names = (schema: ReturnType<typeof identifiedSchema>) => schema.fields.map(({ name }) => name)
  expect(names(identifiedSchema(contract))).toContain('nurse')
  // `nurse` is dropped, and `patient_ipp` has become `patient_id`; names with _ are Chainon's own.
  expect(names(pseudonymisedSchema(contract))).toEqual([
    'record_id',
    'record_version',
    'operation',
    'patient_id',
    'given_at',
    'code',
    '_producer',
    '_received_at',
    '_rule_outcomes',
  ])
})

test('a table that keeps the last version, and a view for readers', () => {
  const [create, view] = tableStatements(contract, 'chainon', new Map())
  expect(create).toContain('ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY record_id')
  expect(create).toContain("`given_at` DateTime64(3, 'UTC')")
  expect(view).toContain('VIEW `chainon`.`vaccination`')
  // A new field adds a column; the other columns do not change.
  const present = new Map([['record_id', 'String']])
  expect(tableStatements(contract, 'chainon', present)[0]).toContain('ADD COLUMN IF NOT EXISTS')
})

test('the rules, compiled once; each is passed, failed, or not applicable', () => {
  const now = Date.UTC(2024, 4, 7)
  const outcomes = (record: Record<string, unknown>) =>
    compileRules(contract, 'pseudonymised').map((rule) => `${rule.id}: ${rule.check(record, now * 1000)}`)
  expect(outcomes({ given_at: now, code: 'J07BB02' })).toEqual(['not-in-future: passed', 'is-vaccine: passed'])
  expect(outcomes({ given_at: Date.UTC(2030, 0), code: null })).toEqual([
    'not-in-future: failed',
    'is-vaccine: not-applicable',
  ])
})
