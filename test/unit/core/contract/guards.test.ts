/** The reader of contracts: a string is not kept without a guard, and a guard that a name fits is rejected. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseContract } from '#core/contract/parse.ts'
import { parseField } from '#core/contract/parse-field.ts'
import { Field } from '#core/contract/schema.ts'
import { compileGuards } from '#core/guards/compile.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'

function problems(guard: unknown, more: Record<string, unknown> = {}): readonly string[] {
  const privacy = { class: 'none', action: 'keep', ...(guard === undefined ? {} : { guard }) }
  const raw = { name: 'unit', type: 'string', doc: 'Unit', privacy, ...more }
  const place = new Place([], "field 'unit'")
  parseField(read(Field, raw, place).partial, place)
  return place.problems
}

describe('a guard', () => {
  it('is needed for a string, and for a string only', () => {
    expect(problems(undefined)).toEqual([expect.stringContaining("a string that is kept needs a 'guard'")])
    expect(problems(undefined)[0]).toContain('snomed, loinc')
    for (const type of ['long', 'double', 'boolean']) expect(problems(undefined, { type })).toEqual([])
  })

  it.each<[string, unknown, Record<string, unknown>]>([
    ['a list', [{ values: ['a', 'b'] }], {}],
    ['code systems', [{ codes: ['loinc', 'snomed'] }], {}],
    ['a pattern', [{ pattern: '[A-Z]\\d{3}' }], {}],
    ['a pattern for RE2', [{ pattern: '(?:[A-Z]\\d){1,2}' }], {}],
    ['a list for one system and a pattern for another', [{ values: ['a'] }, { pattern: 'B\\d' }], {}],
    ['a range', [{ min: 0, max: 5 }], { type: 'double' }],
  ])('may be %s', (_what, guard, more) => {
    expect(problems(guard, more)).toEqual([])
  })

  it.each<[string, unknown, string, Record<string, unknown>?]>([
    ['nothing', [], 'must have at least 1 item'],
    ['an empty case', [{}], "needs 'values', 'codes' or 'pattern'"],
    ['only a condition', [{ when: [{ field: 'a', equals: 'b' }] }], "needs 'values', 'codes' or 'pattern'"],
    ['an unknown system', [{ codes: ['loinx'] }], "did you mean 'loinc'?"],
    ['an empty list', [{ values: [] }], 'must have at least 1 item'],
    ['a range of a string', [{ max: 5 }], "'max' is for numbers"],
    ['a list of numbers', [{ values: ['5'] }], "'values' is for strings", { type: 'long' }],
    ['on a boolean', [{ values: ['5'] }], 'a boolean needs no guard', { type: 'boolean' }],
    ['a broken pattern', [{ pattern: '(' }], 'must be a regular expression'],
    ['a pattern that is not linear', [{ pattern: '(?=a)b' }], 'cannot be run in linear time'],
  ])('is not %s', (_what, guard, problem, more) => {
    expect(problems(guard, more)).toEqual([expect.stringContaining(problem)])
  })

  it.each([
    ['.{0,5}', 'takes any character'],
    ['[^0-9]{1,5}', 'takes any character'],
    ['\\S{1,5}', 'takes any character'],
    ['.{0,20}\\d{4}-\\d', 'takes any character'],
    ['[A-Z0-9]+', 'takes a text of any length'],
    ['[A-Z]{2,}', 'takes a text of any length'],
    ['[A-Z]{3,12}', "may hold a person's name"],
    ['[a-z]{1,9}', "may hold a person's name"],
    ['\\p{L}{1,12}(?: \\p{L}{1,12}){0,2}', "may hold a person's name"],
    ['[A-Z]{4}\\d{3}', "may hold a person's name"],
    ['\\w{1,10}', "may hold a person's name"],
    ['[12]\\d{14}', 'may hold a NIR'],
    ['\\d{13}', 'may hold a NIR'],
    ['0\\d{9}', 'may hold a telephone number'],
    ['\\d{7}', 'may hold the number of a patient'],
    ['\\d{2}/\\d{2}/\\d{4}', 'may hold a date of birth'],
    ['[a-z]{4}\\.[a-z]{6}@[a-z]{7}\\.fr', 'may hold the name and the address of a person'],
  ])('is not the pattern %s: %s', (pattern, problem) => {
    expect(problems([{ pattern }])).toEqual([expect.stringContaining(problem)])
  })

  it('is compared with the whole value', () => {
    expect(problems([{ pattern: '\\d{4}|[A-Z]\\d' }])).toEqual([])
  })
})

describe('a guard in its contract', () => {
  type Json = { fields: { name: string; privacy: Record<string, unknown>; rules?: { id: string }[] }[] }
  function edited(feed: string, name: string, change: (field: Json['fields'][number]) => void) {
    const json = JSON.parse(readFileSync(`schemas/feeds/${feed}.avsc`, 'utf8')) as Json
    const field = json.fields.find((one) => one.name === name)
    if (!field) throw new Error(`no field ${name}`)
    change(field)
    const result = parseContract(feed, JSON.stringify(json))
    return result.ok ? [] : result.problems
  }
  const when = (field: string, equals: string) => [{ codes: ['loinc'], when: [{ field, equals }] }]

  it.each<[string, (field: Json['fields'][number]) => void, string]>([
    ['a field that does not exist', ({ privacy }) => void (privacy.guard = when('system', 'loinc')), 'does not exist'],
    ['a number', ({ privacy }) => void (privacy.guard = when('value_number', '1')), 'needs a string or an enum'],
    ['no symbol', ({ privacy }) => void (privacy.guard = when('code_system', 'LOINC')), "'LOINC' is not a symbol"],
  ])('does not depend on %s', (_what, change, problem) => {
    expect(edited('observation', 'code', change)).toEqual([expect.stringContaining(problem)])
  })

  it('may depend on the producer, whose wards have names of their own', () => {
    const guard = [{ values: ['CARDIO'], when: [{ field: '_producer', equals: 'chu-a' }] }]
    const json = JSON.parse(readFileSync('schemas/feeds/encounter.avsc', 'utf8')) as Json
    const field = json.fields.find(({ name }) => name === 'care_unit')
    if (field) field.privacy.guard = guard
    const result = parseContract('encounter', JSON.stringify(json))
    if (!result.ok) throw new Error(result.problems.join())
    const { check } = compileGuards(result.contract)
    const kinds = (producer: string) =>
      check({ care_unit: 'CARDIO' }, { producer, receivedAt: 0 }).map(({ field: { name }, kind }) => [name, kind])
    expect([kinds('chu-a'), kinds('chu-b')]).toEqual([[], [['care_unit', 'guard']]])
  })

  it('never makes the version or the time of a record null', () => {
    for (const name of ['record_version', 'effective_at'])
      expect(edited('observation', name, ({ privacy }) => void (privacy.on_violation = 'null'))).toEqual([
        expect.stringContaining('can only refuse the record'),
      ])
  })

  it('has a name for its outcome that no rule may have', () => {
    const problem = "rule 'guard-code': ids that begin with guard- are Chainon's own"
    expect(
      edited('observation', 'code', ({ rules }) => {
        for (const rule of rules?.slice(0, 1) ?? []) rule.id = 'guard-code'
      }),
    ).toEqual([problem])
  })
})
