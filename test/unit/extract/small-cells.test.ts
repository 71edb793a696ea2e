/** Small cells of a table: counted over its quasi-identifiers, and the columns to leave out, on planted persons. */
import { describe, expect, test } from 'vitest'
import { measureSmallCells, quasiIdentifiers, smallCellsSql } from '../../../services/extract/small-cells.ts'
import { planTable } from '../../../services/extract/table-build.ts'
import { byFeed, projectWith } from './example.ts'

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
