/** What a contract says of its facts and of the precision of its dates. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { parseContract } from '#core/contract/parse.ts'
import { tableStatements } from '#core/contract/table.ts'
import { compileRules } from '#core/rules/compile.ts'

const contracts = loadContracts('schemas/feeds')
const contractOf = (feed: string) => {
  const found = contracts.find((contract) => contract.feed === feed)
  if (!found) throw new Error(`no contract ${feed}`)
  return found
}
type Json = { fields: Record<string, unknown>[] } & Record<string, unknown>
function problems(feed: string, edit: (json: Json) => void, as = feed) {
  const json = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as Json
  edit(json)
  const result = parseContract(as, JSON.stringify(json))
  return result.ok ? [] : result.problems
}

describe('facts', () => {
  test('are the condition of the view; every record is in the view of all', () => {
    const statements = tableStatements(contractOf('medication'), 'd', new Map())
    const view = statements.find((text) => text.includes('VIEW `d`.`medication` '))
    expect(view).toMatch(/FINAL WHERE .*`status`.*`intent`.*`do_not_perform`/)
    expect(statements.find((text) => text.includes('VIEW `d`.`medication_all` '))).toMatch(/FINAL$/)
  })

  test.each<[string, (json: Json) => void, string]>([
    [
      'a field that does not exist',
      (json) => void (json.facts = [{ field: 'stauts', values: ['x'] }]),
      "'facts' names the field 'stauts', which does not exist",
    ],
    [
      'a value that the field cannot have',
      (json) => void (json.facts = [{ field: 'status', values: ['done'] }]),
      "'facts': 'done' is not a symbol of 'status'",
    ],
    [
      'a text',
      (json) => void (json.facts = [{ field: 'code', values: ['x'] }]),
      "'facts' reads 'code': it needs an enum or a boolean",
    ],
    [
      'a field that is removed',
      (json) => void (json.facts = [{ field: 'comment', values: ['x'] }]),
      "'facts' reads 'comment', which does not survive de-identification",
    ],
  ])('%s is reported', (_, edit, problem) => expect(problems('procedure', edit)).toEqual([problem]))

  test('a feed whose name is that of a view of all records is reported', () =>
    expect(problems('procedure', () => undefined, 'procedure_all')).toEqual([
      "a feed's name must not end with _all: so does the view of all records",
    ]))
})

describe('the precision of a date', () => {
  const precise = (value: string) => (json: Json) => {
    const field = json.fields.find(({ name }) => name === 'performed_at')
    if (field) field.precision = value
  }
  test.each([
    ['nothing', "field 'performed_at': 'precision' names the field 'nothing', which does not exist"],
    [
      'status',
      "field 'performed_at': its precision 'status' must be an enum of year, month, day, hour, minute that may be null",
    ],
  ])('in a field that cannot say it is reported: %s', (name, problem) =>
    expect(problems('procedure', precise(name))).toEqual([problem]),
  )

  const [DAY, HOUR] = [86_400_000, 3_600_000]
  const start = Date.UTC(2025, 0, 3)
  test.each<[string, Record<string, unknown>, string]>([
    ['the same day contains the end', { ended_at: start, ended_precision: 'day' }, 'passed'],
    ['an instant before the start is not the end', { ended_at: start }, 'failed'],
    [
      'the day before, in any time zone, is not the end',
      { ended_at: start - 2 * DAY, ended_precision: 'day' },
      'failed',
    ],
    ['a month contains the end', { ended_at: Date.UTC(2025, 0, 1), ended_precision: 'month' }, 'passed'],
    ['a year that has ended does not', { ended_at: Date.UTC(2023, 0, 1), ended_precision: 'year' }, 'failed'],
    ['an hour contains it', { ended_at: start + 10 * HOUR, ended_precision: 'hour' }, 'passed'],
    ['an hour before does not', { ended_at: start + 9 * HOUR, ended_precision: 'hour' }, 'failed'],
  ])('decides an order of times: %s', (_, more, outcome) => {
    const rule = compileRules(contractOf('encounter'), 'pseudonymised').find(({ id }) => id === 'end-after-start')
    const record = { started_at: start + 10.5 * HOUR, ...more }
    expect(rule?.check(record, Date.UTC(2026, 0, 1) * 1000)).toBe(outcome)
  })
})
