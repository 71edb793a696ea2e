/** Small cells of a table: counted over its quasi-identifiers, and the columns to leave out, on planted persons. */
import { describe, expect, test } from 'vitest'
import { builtSources, knownColumns, profileSql, smallPersonsSql } from '../../../services/extract/cells.ts'
import { measureSmallCells, quasiIdentifiers, smallCellsSql } from '../../../services/extract/small-cells.ts'
import { lostBy, type Step } from '../../../services/extract/steps.ts'
import { planTable } from '../../../services/extract/table-build.ts'
import { byFeed, exampleWith, problemsOf, projectWith } from './example.ts'

type Row = Readonly<Record<string, string>>

/** The same count as the statement's, in memory. */
function counter(rows: readonly (Row & { readonly person: string })[], k: number) {
  return async (columns: readonly string[]) => {
    const cells = Map.groupBy(rows, (row) => JSON.stringify(columns.map((column) => row[column])))
    const small = [...cells.values()].filter((cell) => new Set(cell.map(({ person }) => person)).size < k)
    return new Set(small.flat().map(({ person }) => person)).size
  }
}

const person = (index: number, sex: string, year: string, region: string) => ({
  person: `p${index}`,
  sex,
  year,
  region,
})
/** 20 women and 20 men of one year and region, and one woman of another year. */
const rows = [
  ...Array.from({ length: 40 }, (_, index) => person(index, index < 20 ? 'f' : 'm', '1950', '84')),
  person(40, 'f', '1903', '84'),
]
const COLUMNS = ['sex', 'year', 'region']

describe('small cells', () => {
  test('the column that leaves nobody is left out, and no other one', async () => {
    expect(await measureSmallCells(COLUMNS, 11, counter(rows, 11))).toEqual({
      k: 11,
      columns: COLUMNS,
      persons: 1,
      leave_out: [{ column: 'year', persons: 0 }],
    })
  })

  test('several, in the order of what they leave; of equal ones the first of the table', async () => {
    const scattered = Array.from({ length: 24 }, (_, index) =>
      person(index, 'f', String(1900 + index), String(index % 12)),
    )
    const { leave_out: steps, persons } = await measureSmallCells(COLUMNS, 11, counter(scattered, 11))
    expect(persons).toBe(24)
    expect(steps).toEqual([
      { column: 'sex', persons: 24 },
      { column: 'year', persons: 24 },
      { column: 'region', persons: 0 },
    ])
  })

  test('a table of few persons stays small, whatever is left out', async () => {
    const few = rows.slice(0, 5)
    const { leave_out: steps } = await measureSmallCells(COLUMNS, 11, counter(few, 11))
    expect(steps.at(-1)?.persons).toBe(5)
    expect(steps).toHaveLength(3)
  })

  test('nothing is left out where no cell is small', async () => {
    const { leave_out: steps, persons } = await measureSmallCells(COLUMNS, 11, counter(rows.slice(0, 40), 11))
    expect([persons, steps]).toEqual([0, []])
  })
})

test('the quasi-identifiers of a table are its potential identifiers and traits; a pseudonym and a code are none', () => {
  const project = projectWith({})
  const columnsOf = (feed: string) => {
    const table = project.tables.find((one) => one.feed === feed)
    const contract = byFeed.get(feed)
    if (!table || !contract) throw new Error(`the example has no table ${feed}`)
    return quasiIdentifiers(planTable(project, table, contract))
  }
  expect(columnsOf('patient')).toEqual(expect.arrayContaining(['sex', 'birth_year', 'residence_region']))
  expect(columnsOf('encounter')).toEqual(['started_at', 'ended_at'])
  expect(smallCellsSql('p.t', ['sex'], 11)).toMatch(
    /groupUniqArray\(11\)\(person_id\).*GROUP BY `sex` HAVING length\(persons\) < 11/s,
  )
  expect(smallCellsSql('p.t', [], 11)).toContain('GROUP BY tuple()')
})

describe('steps against small cells', () => {
  const [birth, department, sex] = [
    { coarsen: 'patient.birth_month' },
    { drop: 'patient.residence_department' },
    { drop: 'patient.sex' },
  ]
  test('make a column coarser as often as they say, under another name each time, or leave it out', () => {
    const project = projectWith({})
    const [table] = project.tables
    const contract = byFeed.get('patient')
    if (!table || !contract) throw new Error('the example has no table patient')
    const after = (...steps: Step[]) =>
      planTable(project, table, contract, lostBy(steps, 'patient')).columns.kept.map(({ name }) => name)
    expect(after()).toContain('birth_year')
    expect(after(birth, { coarsen: 'encounter.started_at' })).toContain('birth_decade')
    expect(after({ coarsen: 'patient.deceased_on' }, { coarsen: 'patient.deceased_on' })).toContain('deceased_year')
    expect(after(department, sex)).toEqual(['person_id', 'birth_year', 'deceased_month', 'site_code'])
  })

  test('that name no column of the project, or that nothing is left to do for, are problems of the file', () => {
    const cells = (policy: object) => problemsOf(exampleWith({ small_cells: policy }))
    expect(cells({ k: 11, steps: [birth, department, sex, { coarsen: 'encounter.started_at' }] })).toEqual([])
    expect(cells({ k: 1 })).toEqual(['small_cells.k: must be a whole number from 2 to 1000'])
    expect(cells({ k: 11, steps: [{ drop: 'patient.nir' }], known: ['observation.nothing'] })).toEqual([
      'small_cells.known[0]: must be a column that a table of the project lists, feed.column',
      'small_cells.steps[0].drop: must be a column that a table of the project lists, feed.column',
    ])
    expect(cells({ k: 11, steps: [birth, birth, sex, sex, { coarsen: 'patient.sex' }] })).toEqual([
      'small_cells.steps[1].coarsen: cannot be made coarser: drop it',
      'small_cells.steps[3].drop: is left out by a step before it',
      'small_cells.steps[4].coarsen: is left out by a step before it',
    ])
    expect(cells({ k: 11, steps: [{ coarsen: 'patient.sex', drop: 'patient.sex' }, {}] })).toHaveLength(2)
  })

  test('count what is known of a person in all tables together, and the dates and the site of one row', () => {
    const project = projectWith({})
    const plans = project.tables.map((table) => {
      const contract = byFeed.get(table.feed)
      if (!contract) throw new Error(`there is no feed ${table.feed}`)
      return planTable(project, table, contract)
    })
    const names = (feed: string, known: readonly string[] = []) => {
      const plan = plans.find(({ name }) => name === feed)
      if (!plan) throw new Error(`there is no table ${feed}`)
      const { event, own } = knownColumns(plan, known)
      return [own.map(({ name }) => name), event.map(({ name }) => name)]
    }
    expect(names('patient')).toEqual([['sex', 'birth_year', 'residence_region', 'deceased_month'], ['site_code']])
    expect(names('encounter')).toEqual([[], ['started_at', 'ended_at', 'site_code']])
    expect(names('diagnosis', ['diagnosis.code', 'observation.code'])[1]).toContain('code')
    expect(names('observation', ['observation.flags'])[1]).toContain('flags')
    const sql = smallPersonsSql(builtSources(plans, 'p'), 'w.profile', 11)
    expect(sql.match(/UNION ALL/g)).toHaveLength(plans.length)
    expect(sql).toContain('GROUP BY p.profile, r.event HAVING length(persons) < 11')
    // To have no row in a table, and a null, are values like others.
    expect(profileSql(builtSources(plans, 'p'))).toMatch(/SELECT person_id, '' AS v FROM `p`.`encounter`/)
  })
})
