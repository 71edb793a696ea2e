/** What a contract may say of the actions that generalise, round and shift; and what each is refused for. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { recordRuleZone, ruleZone, storedForm } from '#core/contract/actions.ts'
import { pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { shiftProblems } from '#core/contract/check-shift.ts'
import { recordJsonSchema } from '#core/contract/json-schema.ts'
import { parseContract } from '#core/contract/parse.ts'
import { privacyTable } from '#core/contract/privacy-table.ts'
import { columnsOf } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { compileRules } from '#core/rules/compile.ts'

interface Json {
  fields: { name: string; privacy: object; rules?: object[] }[]
  [key: string]: unknown
}

/** @param changes privacy of fields, by name @param top keys of the contract */
function parsed(feed: string, changes: Record<string, object>, top: object = {}) {
  const json = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as Json
  for (const [name, privacy] of Object.entries(changes)) {
    const field = json.fields.find((one) => one.name === name)
    if (!field) throw new Error(`no field ${name}`)
    field.privacy = privacy
  }
  return parseContract(feed, JSON.stringify({ ...json, ...top }))
}
function contractOf(...args: Parameters<typeof parsed>): FeedContract {
  const result = parsed(...args)
  if (!result.ok) throw new Error(result.problems.join('\n'))
  return result.contract
}
function problemsOf(...args: Parameters<typeof parsed>): readonly string[] {
  const result = parsed(...args)
  return result.ok ? [] : result.problems
}
const AGE = {
  class: 'trait',
  action: 'generalise',
  to: 'age_band',
  at: 'updated_at',
  edges: [0, 18, 65, 90],
  as: 'age',
}
const YEAR = { class: 'trait', action: 'generalise', to: 'birth_year', at: 'updated_at', as: 'birth_year' }
const BINS = { class: 'none', action: 'generalise', to: 'bins', edges: [0, 10.5, 200], as: 'value_bin' }
const ROUND = { class: 'none', action: 'round', digits: 2 }
const SHIFT = { class: 'date', action: 'shift' }
const WITHIN = { shift: { within: 180 } }

describe('what is stored', () => {
  it.each<
    [string, string, { class: string; action: string; [parameter: string]: unknown }, object, string, unknown, string]
  >([
    ['patient', 'birth_date', AGE, {}, 'age', ['null', 'string'], 'LowCardinality(Nullable(String))'],
    ['patient', 'birth_date', YEAR, {}, 'birth_year', ['null', 'int'], 'Nullable(Int32)'],
    ['observation', 'value_number', BINS, {}, 'value_bin', ['null', 'string'], 'LowCardinality(Nullable(String))'],
    ['observation', 'value_number', ROUND, {}, 'value_number', ['null', 'double'], 'Nullable(Float64)'],
    [
      'encounter',
      'ended_at',
      { ...SHIFT, as: 'ended_shifted' },
      WITHIN,
      'ended_shifted',
      ['null', { type: 'long', logicalType: 'timestamp-millis' }],
      "Nullable(DateTime64(3, 'UTC'))",
    ],
    [
      'encounter',
      'started_at',
      SHIFT,
      WITHIN,
      'started_at',
      { type: 'long', logicalType: 'timestamp-millis' },
      "DateTime64(3, 'UTC')",
    ],
    [
      'diagnosis',
      'onset_on',
      { class: 'date', action: 'truncate', to: 'quarter', as: 'onset_quarter' },
      {},
      'onset_quarter',
      ['null', { type: 'int', logicalType: 'date' }],
      'Nullable(Date32)',
    ],
    [
      'encounter',
      'ended_at',
      { class: 'date', action: 'truncate', to: 'month', as: 'ended_month' },
      {},
      'ended_month',
      ['null', { type: 'int', logicalType: 'date' }],
      'Nullable(Date32)',
    ],
  ])('%s.%s', (feed, name, privacy, top, stored, avroType, columnType) => {
    const contract = contractOf(feed, { [name]: privacy }, top)
    const field = contract.fields.find((one) => one.name === name)
    expect(pseudonymisedSchema(contract).fields.find((one) => one.name === stored)?.type).toEqual(avroType)
    expect(columnsOf(contract).find((one) => one.name === stored)?.type).toBe(columnType)
    const row = privacyTable(contract).find((one) => one.field === name)
    expect(row?.action).toMatch(
      /^(compared by the linker in an encoded form, which is sealed and short-lived; here )?(replaced by|rounded to|moved by|cut to)/,
    )
    expect(row?.remains).not.toBe('nothing')
    expect(row?.risk).not.toBe('')
    expect(row?.action).not.toContain('undefined')
    expect(field && storedForm(field)?.kind).toBeDefined()
    expect(JSON.stringify(recordJsonSchema(contract))).toContain(`privacy ${privacy.class}: ${privacy.action}`)
  })
})

describe('rules on a value that changes', () => {
  it('are checked on the true value, in the identified zone', () => {
    const contract = contractOf('encounter', { started_at: SHIFT, ended_at: SHIFT }, WITHIN)
    const started = contract.fields.find(({ name }) => name === 'started_at')
    expect(started && ruleZone(started)).toBe('identified')
    const ids = compileRules(contract, 'identified').map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['start-after-1900', 'not-in-future', 'end-after-start']))
    expect(compileRules(contract, 'pseudonymised').map(({ id }) => id)).not.toContain('end-after-start')
    const rule = compileRules(contract, 'identified').find(({ id }) => id === 'end-after-start')
    const [early, late] = [1_700_000_000_000, 1_700_000_100_000]
    expect(rule?.check({ started_at: late, ended_at: early }, 0)).toBe('failed')
    expect(rule?.check({ started_at: early, ended_at: late }, 0)).toBe('passed')
  })

  it('are where they were for values that are kept', () => {
    const contract = contractOf('encounter', {})
    const byName = new Map(contract.fields.map((field) => [field.name, field]))
    for (const rule of contract.recordRules) expect(recordRuleZone(rule, byName)).toBe('pseudonymised')
  })
})

describe('a wrong parameter', () => {
  it.each<[string, string, string, object, object, string]>([
    [
      'no date of the age',
      'patient',
      'birth_date',
      { ...AGE, at: undefined },
      {},
      "field 'birth_date': privacy: lacks 'at', which an age needs",
    ],
    [
      'a date that does not exist',
      'patient',
      'birth_date',
      { ...AGE, at: 'udpated_at' },
      {},
      "field 'birth_date': 'at' names the field 'udpated_at', which does not exist",
    ],
    [
      'itself as that date',
      'patient',
      'birth_date',
      { ...AGE, at: 'birth_date' },
      {},
      "field 'birth_date': 'at' needs another date or timestamp",
    ],
    [
      'a text as that date',
      'patient',
      'birth_date',
      { ...AGE, at: 'city' },
      {},
      "field 'birth_date': 'at' needs another date or timestamp",
    ],
    [
      'no bands',
      'patient',
      'birth_date',
      { ...AGE, edges: undefined },
      {},
      "field 'birth_date': privacy: lacks 'edges', which an age needs",
    ],
    [
      'bands that do not begin with 0',
      'patient',
      'birth_date',
      { ...AGE, edges: [18, 65] },
      {},
      "field 'birth_date': privacy.edges: must begin with 0",
    ],
    [
      'bands that go back',
      'patient',
      'birth_date',
      { ...AGE, edges: [0, 65, 18] },
      {},
      "field 'birth_date': privacy.edges: must increase from one to the next",
    ],
    [
      'bands of half years',
      'patient',
      'birth_date',
      { ...AGE, edges: [0, 0.5] },
      {},
      "field 'birth_date': privacy.edges: must be whole years",
    ],
    [
      'a top code above 90',
      'patient',
      'birth_date',
      { ...AGE, edges: [0, 95] },
      {},
      "field 'birth_date': privacy.edges: must end with 90 at most: everyone who is older is one band",
    ],
    [
      'an age under the name of a date',
      'patient',
      'birth_date',
      { ...AGE, as: undefined },
      {},
      "field 'birth_date': privacy: lacks 'as': the name of an age",
    ],
    [
      'bands of a year',
      'patient',
      'birth_date',
      { ...YEAR, edges: [1] },
      {},
      "field 'birth_date': privacy: 'edges' is not for a year of birth",
    ],
    [
      'a department of a date',
      'patient',
      'birth_date',
      { class: 'trait', action: 'generalise', to: 'department' },
      {},
      "field 'birth_date': privacy: a department is of the class place, not 'trait'",
    ],
    [
      'an area without a number of inhabitants',
      'patient',
      'postcode',
      { class: 'place', action: 'generalise', to: 'area', as: 'residence_area' },
      {},
      "field 'postcode': privacy: lacks 'population', which an area needs",
    ],
    [
      'an area of a code of INSEE',
      'death',
      'death_place_insee',
      { class: 'place', action: 'generalise', to: 'area', as: 'death_area', population: 20_000 },
      {},
      "field 'death_place_insee': an area is made of a postcode: the linkage or the name of the field says 'postcode'",
    ],
    [
      'a department of so many inhabitants',
      'patient',
      'postcode',
      { class: 'place', action: 'generalise', to: 'department', as: 'residence_department', population: 20_000 },
      {},
      "field 'postcode': privacy: 'population' is not for a department",
    ],
    [
      'bins of a text',
      'observation',
      'value_unit',
      BINS,
      {},
      "field 'value_unit': generalise needs an integer or a long or a double to leave an interval",
    ],
    [
      'a class that is unknown',
      'patient',
      'postcode',
      { class: 'place', action: 'generalise', to: 'comune' },
      {},
      "field 'postcode': privacy.to: must be one of department, area, age_band, birth_year, bins",
    ],
    [
      'no step and no digits',
      'observation',
      'value_number',
      { ...ROUND, digits: undefined },
      {},
      "field 'value_number': privacy: round needs either 'step' or 'digits'",
    ],
    [
      'a step and digits',
      'observation',
      'value_number',
      { ...ROUND, step: 1 },
      {},
      "field 'value_number': privacy: round needs either 'step' or 'digits'",
    ],
    [
      'a step of 0',
      'observation',
      'value_number',
      { ...ROUND, digits: undefined, step: 0 },
      {},
      "field 'value_number': privacy.step: must be a number greater than 0",
    ],
    [
      '16 digits',
      'observation',
      'value_number',
      { ...ROUND, digits: 16 },
      {},
      "field 'value_number': privacy.digits: must be a whole number from 1 to 15",
    ],
    [
      'a rounded text',
      'observation',
      'value_unit',
      ROUND,
      {},
      "field 'value_unit': round needs an integer or a long or a double",
    ],
    [
      'a shift without bounds',
      'encounter',
      'ended_at',
      SHIFT,
      {},
      "field 'ended_at' is shifted: the contract needs 'shift' with 'within', a number of days",
    ],
    [
      'bounds without a shift',
      'encounter',
      'ended_at',
      { class: 'date', action: 'keep' },
      WITHIN,
      "'shift' is there, and no field is shifted",
    ],
    [
      'bounds of a day',
      'encounter',
      'ended_at',
      SHIFT,
      { shift: { within: 1 } },
      'shift.within: must be a whole number from 7 to 3650',
    ],
    [
      'another weekday',
      'encounter',
      'ended_at',
      SHIFT,
      { shift: { within: 70, weekday: 'monday' } },
      'shift.weekday: must be keep',
    ],
    [
      'a shifted birth date',
      'patient',
      'birth_date',
      { class: 'trait', action: 'shift' },
      WITHIN,
      "field 'birth_date': privacy class 'trait' allows keep, tokenise, truncate, generalise, drop, not 'shift'",
    ],
    [
      'a shifted number',
      'observation',
      'value_number',
      { class: 'none', action: 'shift' },
      WITHIN,
      "field 'value_number': privacy class 'none' allows keep, round, generalise, drop, not 'shift'",
    ],
    [
      'an event time that is cut',
      'encounter',
      'started_at',
      { class: 'date', action: 'truncate', to: 'month' },
      {},
      "field 'started_at' is the event time: its privacy action must be keep or shift",
    ],
  ])('%s is refused by field and rule', (_what, feed, name, privacy, top, problem) => {
    const problems = problemsOf(feed, { [name]: JSON.parse(JSON.stringify(privacy)) as object }, top)
    expect(
      problems.some((one) => one.startsWith(problem)),
      problems.join('\n'),
    ).toBe(true)
  })

  it('feeds that shift by other bounds are refused together', () => {
    const shifted = (feed: string, field: string, shift: object) => contractOf(feed, { [field]: SHIFT }, { shift })
    const encounter = shifted('encounter', 'ended_at', { within: 180 })
    const procedure = shifted('procedure', 'ended_at', { within: 180 })
    const weeks = shifted('medication', 'ended_at', { within: 180, weekday: 'keep' })
    expect(shiftProblems([encounter, procedure, contractOf('death', {})])).toEqual([])
    expect(shiftProblems([encounter, procedure, weeks])).toEqual([
      "medication: 'shift' differs from that of encounter: every feed needs the same",
    ])
  })
})
