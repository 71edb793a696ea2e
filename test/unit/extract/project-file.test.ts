import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseProjectFile } from '../../../services/extract/project-file.ts'
import { contracts, exampleText, exampleWith, problemsOf, TODAY } from './example.ts'

const identifiers = {
  birth_year_month: 'keep',
  residence_location: 'drop',
  exact_care_dates: 'keep',
  exact_death_date: 'drop',
  death_location: 'drop',
}

describe('a project file', () => {
  test('the example is valid, and its defaults are the documented ones', () => {
    const project = parseProjectFile(exampleText, contracts, TODAY)
    expect(project.id).toBe('cardiometabolic')
    expect(project.tables.map((table) => table.feed)).toEqual([
      'patient',
      'encounter',
      'diagnosis',
      'observation',
      'medication',
    ])
    expect(parseProjectFile(exampleWith({ min_cohort: undefined }), contracts, TODAY).minCohort).toBe(11)
    expect(project.persons).toBe('exact')
    expect(parseProjectFile(exampleWith({ persons: 'scored' }), contracts, TODAY).persons).toBe('scored')
    expect(problemsOf(exampleWith({ persons: 'both' })).join()).toContain('persons: must be')
  })

  test('all problems are reported at once, each with its place', () => {
    const problems = problemsOf(
      exampleWith({
        id: 'Bad-Id',
        title: 7,
        contact: undefined,
        surprise: 1,
        retention_until: '2020-01-01',
        period: { from: '2021-02-30', to: '2020-01-01', until: 1 },
        cohort: { any_of: [{ feed: 'nothing' }], colour: 'red' },
        tables: [{ feed: 'diagnosis', columns: ['patient_id', 'comment', 'code', 'code'], limit: 3 }],
        min_cohort: 0,
      }),
    )
    const text = problems.join('\n')
    for (const problem of [
      "unknown key 'surprise'; known keys: id, title",
      "lacks 'contact': text",
      'id: must be 2 to 41 lower-case letters',
      'title: must be text',
      'retention_until: is in the past',
      "period: unknown key 'until'; known keys: from, to",
      'period.from: must be a date of the calendar',
      "cohort: unknown key 'colour'",
      'cohort.any_of[0].feed: must be one of death, diagnosis',
      "tables[0]: unknown key 'limit'",
      'tables[0].columns[0]: must be one of person_id, record_id',
      'tables[0].columns[1]: must be one of',
      "tables[0].columns: 'code' is listed twice",
      'min_cohort: must be a whole number',
    ]) {
      expect(text).toContain(problem)
    }
  })

  test.each(Object.keys(identifiers))('%s must be decided, and the message names its columns', (name) => {
    const { [name as keyof typeof identifiers]: _left, ...rest } = identifiers
    const problems = problemsOf(exampleWith({ potential_identifiers: rest }))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(new RegExp(`'${name}' is not decided .* it covers \\w+\\.\\w+`))
  })

  test('dates of care and of death may be shifted, with bounds; birth and places may not', () => {
    const shifted = { ...identifiers, exact_care_dates: 'shift', exact_death_date: 'shift' }
    const given = (changes: object) => problemsOf(exampleWith({ potential_identifiers: shifted, ...changes }))
    expect(given({ date_shift: { within: 182, weekday: 'keep' } })).toEqual([])
    expect(given({})).toEqual(["a decision is 'shift': it needs 'date_shift' with 'within', a number of days"])
    expect(problemsOf(exampleWith({ date_shift: { within: 182 } }))).toEqual([
      "date_shift: is there, and no decision is 'shift'",
    ])
    expect(given({ date_shift: { within: 3 } })[0]).toBe('date_shift.within: must be a whole number from 7 to 3650')
    const birth = { ...identifiers, birth_year_month: 'shift' }
    expect(problemsOf(exampleWith({ potential_identifiers: birth }))[0]).toContain(
      'must be one of keep, truncate, drop',
    )
  })

  test('an unknown potential identifier or decision is rejected', () => {
    expect(problemsOf(exampleWith({ potential_identifiers: { ...identifiers, name: 'keep' } }))[0]).toContain(
      "unknown key 'name'",
    )
    expect(problemsOf(exampleWith({ potential_identifiers: { ...identifiers, death_location: 'blur' } }))[0]).toContain(
      'must be one of keep, truncate, drop',
    )
  })

  test.each(['a', '1ab', 'ab-c', 'ab__building_1', 'Ab', 'x'.repeat(42), 'a b', '../ab', 'ab`'])(
    'the id %j is rejected',
    (id) => {
      expect(problemsOf(exampleWith({ id }))).toEqual([expect.stringMatching(/^id: /)])
    },
  )

  test.each<[string, object, string]>([
    ['the file', { min_cohrot: 3 }, "unknown key 'min_cohrot'; did you mean 'min_cohort'?"],
    ['the cohort', { cohort: { al_of: [] } }, "cohort: unknown key 'al_of'; did you mean 'all_of'?"],
    [
      'a criterion: a filter that is left out would widen the cohort',
      { cohort: { all_of: [{ feed: 'diagnosis', wehre: [] }] } },
      "cohort.all_of[0]: unknown key 'wehre'; did you mean 'where'?",
    ],
    [
      'a group',
      { cohort: { all_of: [{ any_of: [{ feed: 'diagnosis' }], non_of: [{ feed: 'diagnosis' }] }] } },
      "cohort.all_of[0]: unknown key 'non_of'; did you mean 'none_of'?",
    ],
    [
      'a condition',
      { cohort: { all_of: [{ feed: 'diagnosis', where: [{ column: 'code', equals: 'a', is_nul: true }] }] } },
      "cohort.all_of[0].where[0]: unknown key 'is_nul'; did you mean 'is_null'?",
    ],
    [
      'a table',
      { tables: [{ feed: 'diagnosis', columns: ['code'], whole_histroy: true }] },
      "tables[0]: unknown key 'whole_histroy'; did you mean 'whole_history'?",
    ],
    [
      'the name of a feed',
      { cohort: { all_of: [{ feed: 'diagnoses' }] } },
      "cohort.all_of[0].feed: must be one of death, diagnosis, document, encounter, imaging, medication, observation, patient, patient_merge, pmsi_stay, procedure; did you mean 'diagnosis'?",
    ],
  ])('a misspelt word is rejected with the nearest one: %s', (_where, changes, problem) => {
    expect(problemsOf(exampleWith(changes as Record<string, unknown>))).toEqual([problem])
  })

  test('a misspelt required key is one problem, not two', () => {
    expect(problemsOf(exampleWith({ contact: undefined, contcat: 'x' }))).toEqual([
      "unknown key 'contcat'; did you mean 'contact'?",
    ])
  })

  test('a value in the place of a key is not quoted', () => {
    const problems = problemsOf(exampleWith({ '279035121518989': 'x', 'Jeanne Martin': 'x' }))
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toMatch(/2790|Jeanne/)
  })

  test('an empty cohort would select everyone and is rejected', () => {
    expect(problemsOf(exampleWith({ cohort: {} }))).toEqual([expect.stringContaining('would select everyone')])
  })

  test('a filter must not name a pseudonym or a column that de-identification removes', () => {
    for (const column of ['patient_id', 'record_id', 'encounter_id', 'comment', '_producer', 'nope']) {
      const cohort = { all_of: [{ feed: 'diagnosis', where: [{ column, equals: 'x' }] }] }
      expect(problemsOf(exampleWith({ cohort }))).toEqual([
        expect.stringContaining('cohort.all_of[0].where[0].column: must be one of'),
      ])
    }
  })

  test.each([
    [{ column: 'code_system', equals: 'icd-10' }, 'must be one of cim10, snomed'],
    [{ column: 'code', equals: 44054006 }, 'put quotes around a code'],
    [{ column: 'code', equals: 'a', starts_with: 'b' }, 'needs exactly one of'],
    [{ column: 'code' }, 'needs exactly one of'],
    [{ column: 'code', equals: 'a\u0000b' }, 'control characters'],
    [{ column: 'code', at_least: 'a' }, 'needs a number or a date'],
    [{ column: 'code_system', starts_with: 'cim10' }, 'needs a text column'],
    [{ column: 'onset_on', at_least: '2021-02-29' }, 'must be a date of the calendar'],
    [{ column: 'code', is_null: 'yes' }, 'must be true or false'],
    [{ column: 'code', in: [] }, 'must have 1 to'],
  ])('the condition %j is rejected', (condition, message) => {
    const cohort = { all_of: [{ feed: 'diagnosis', where: [condition] }] }
    expect(problemsOf(exampleWith({ cohort })).join('\n')).toContain(message)
  })

  test('a filter that is too long to be sent is rejected before the build', () => {
    const codes = Array.from({ length: 1500 }, (_, i) => `CODE${i}`)
    const cohort = { all_of: [{ feed: 'diagnosis', where: [{ column: 'code', in: codes }] }] }
    expect(problemsOf(exampleWith({ cohort }))).toEqual([expect.stringContaining('name families of codes')])
  })

  test('groups nest at most four deep', () => {
    const leaf = { feed: 'diagnosis' }
    const nested = (depth: number): object => (depth === 0 ? leaf : { any_of: [nested(depth - 1)] })
    expect(problemsOf(exampleWith({ cohort: nested(4) }))).toEqual([])
    expect(problemsOf(exampleWith({ cohort: nested(5) }))).toEqual([expect.stringContaining('nested 4 deep')])
  })

  test('a YAML error is reported with its line, without quoting the file', () => {
    const problems = problemsOf('id: ok\ntitle: "Jeanne Secret\nfoo: [')
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.join()).toMatch(/line \d+/)
    expect(problems.join()).not.toContain('Secret')
    expect(problemsOf('id: a\nid: b')).toEqual([expect.stringMatching(/line 2: .*DUPLICATE_KEY/)])
  })

  test('every file is a project or a list of problems', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('cohort', 'tables', 'period', 'potential_identifiers', 'id', 'min_cohort'),
        (value, key) => {
          problemsOf(exampleWith({ [key]: value }))
        },
      ),
    )
    fc.assert(fc.property(fc.string(), (text) => problemsOf(text).length > 0))
    fc.assert(fc.property(fc.jsonValue(), (value) => problemsOf(JSON.stringify(value)).length > 0))
  })
})
