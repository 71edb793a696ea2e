import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cohortQuery,
  conditionsSql,
  MAX_PARAMETER_BYTES,
  ParameterBag,
  parameterBytes,
  periodSql,
} from '../../../services/extract/cohort.ts'
import { feedsOfCohort } from '../../../services/extract/criteria.ts'
import { byFeed, exampleWith, problemsOf, projectWith } from './example.ts'

const sources = {
  warehouse: 'chainon',
  source: '`w`.source',
  contracts: byFeed,
  period: { from: '2020-01-01', to: '2021-01-01' },
}
const sql = (cohort: object) => cohortQuery(projectWith({ cohort }).cohort, sources)
const where = (conditions: readonly object[]) => ({ all_of: [{ feed: 'diagnosis', where: conditions }] })

const NASTY = [
  "' OR 1=1 --",
  "'; DROP DATABASE chainon; --",
  '\\',
  "\\'",
  '{p0:String}',
  '`',
  '/*',
  "a' UNION ALL SELECT 1 FROM system.users --",
  '%27',
  '🦠',
  '\n',
]

describe('a cohort as SQL', () => {
  test.each(NASTY.filter((text) => text.trim() !== ''))('the value %j is never part of the statement', (text) => {
    const plain = sql(
      where([
        { column: 'code', equals: 'E11' },
        { column: 'code', in: ['a'] },
        { column: 'code', starts_with: 'b' },
      ]),
    )
    const nasty = sql(
      where([
        { column: 'code', equals: text },
        { column: 'code', in: [text] },
        { column: 'code', starts_with: text },
      ]),
    )
    expect(nasty.query).toBe(plain.query)
    expect(Object.values(nasty.parameters)).toContainEqual(text)
    expect(Object.values(nasty.parameters)).toContainEqual([text])
  })

  test('the statement depends only on the structure of the filter', () => {
    const { query } = sql(where([{ column: 'code', equals: 'x' }]))
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), (text) => {
        const cohort = where([{ column: 'code', equals: text }])
        fc.pre(problemsOf(exampleWith({ cohort })).length === 0)
        const made = sql(cohort)
        expect(made.query).toBe(query)
        expect(Object.values(made.parameters)).toContain(text)
      }),
      { numRuns: 40 },
    )
  })

  test('a column that is not in the contract is rejected', () => {
    for (const column of ['code` = 1 OR `code', 'code)', '1', '*', 'toString(code)', '__proto__', 'constructor']) {
      expect(problemsOf(exampleWith({ cohort: where([{ column, equals: 'x' }]) }))[0]).toContain(
        '.column: must be one of',
      )
    }
  })

  test('combines all, any and none', () => {
    const made = sql({
      all_of: [{ feed: 'diagnosis' }],
      any_of: [{ feed: 'observation', at_least: 3 }, { none_of: [{ feed: 'death', within_period: false }] }],
      none_of: [{ feed: 'procedure' }],
    })
    const shape = made.query
      .replace(/person_id IN \((?:[^()]|\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\))*\)/g, 'IN')
      .replace(/\s+/g, ' ')
    expect(shape).toMatch(/WHERE \(IN AND \(IN OR \(NOT IN\)\) AND NOT IN\)$/)
    expect(Object.values(made.parameters)).toContain(3)
    expect(made.query).toMatch(/FROM `chainon`\.`death` WHERE 1 GROUP BY/)
  })

  test('the period includes its first day and excludes its last, in the type of the event time; null is outside', () => {
    const of = (feed: string) => {
      const contract = byFeed.get(feed)
      if (!contract) throw new Error(feed)
      const bag = new ParameterBag()
      return { text: periodSql(contract, sources.period, 'f.', bag), values: Object.values(bag.values) }
    }
    expect(of('diagnosis').text).toBe(
      "ifNull(f.`recorded_at` >= fromUnixTimestamp64Milli({p0:Int64}, 'UTC') AND f.`recorded_at` < fromUnixTimestamp64Milli({p1:Int64}, 'UTC'), 0)",
    )
    expect(of('diagnosis').values).toEqual([Date.UTC(2020, 0, 1), Date.UTC(2021, 0, 1)])
    expect(of('death').text).toBe(
      'ifNull(f.`died_on` >= toDate32({p0:String}) AND f.`died_on` < toDate32({p1:String}), 0)',
    )
  })

  test('sex and birth year are criteria on the patient feed', () => {
    const { cohort } = projectWith({ cohort: { sex: ['female'], birth_year: { from: 1950 } } })
    expect([...feedsOfCohort(cohort)]).toEqual(['patient'])
    const made = cohortQuery(cohort, sources)
    expect(made.query).toContain('has({p0:Array(String)}, `sex`)')
    expect(made.query).toContain('toYear(`birth_month`) >= {p2:Int32}')
    expect(Object.values(made.parameters)).toEqual([['female'], 1, 1950, 1])
  })

  test('every operator has a typed placeholder', () => {
    const { cohort } = projectWith({
      cohort: {
        all_of: [
          {
            feed: 'observation',
            where: [
              { column: 'value_number', at_least: 6.5 },
              { column: 'effective_at', less_than: '2020-05-01' },
            ],
          },
          {
            feed: 'diagnosis',
            where: [
              { column: 'onset_on', equals: '2020-05-01' },
              { column: 'onset_on', is_null: false },
            ],
          },
        ],
      },
    })
    const made = cohortQuery(cohort, sources)
    for (const fragment of [
      '`value_number` >= {p0:Float64}',
      "< fromUnixTimestamp64Milli({p1:Int64}, 'UTC')",
      '`onset_on` = toDate32(',
      'isNull(`onset_on`) = 0',
    ]) {
      expect(made.query).toContain(fragment)
    }
    expect(conditionsSql([], '', new ParameterBag())).toBe('1')
  })

  test('the size of the parameters is their size in the address', () => {
    expect(parameterBytes({ p0: 'é' })).toBe('param_p0=%22%C3%A9%22&'.length)
    expect(MAX_PARAMETER_BYTES).toBeLessThan(16_384)
  })
})
