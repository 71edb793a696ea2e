/** The measure of how well two tables join: planted persons, of whom it is known who can be found. */
import { describe, expect, it } from 'vitest'
import { decidedByK } from '../../../loadtest/unlinkability/by-k.ts'
import { distances, joined } from '../../../loadtest/unlinkability/measure.ts'

const table = (rows: Record<string, string[]>) => new Map(Object.entries(rows))

describe('a join of two tables of the same persons', () => {
  it('finds who has a row that nobody else has, and who has a set of rows that nobody else has', () => {
    const same = table({ own: ['rare', 'common'], pair: ['common', 'other'], twin1: ['other'], twin2: ['other'] })
    // `own` by a row; `pair` only by both of its rows; the twins by nothing.
    expect(joined(same, same)).toEqual({ persons: 4, byRow: 1, byAll: 2, wrong: 0 })
  })

  it('finds nobody by rows that differ', () => {
    expect(joined(table({ a: ['1'], b: ['2'] }), table({ a: ['3'], b: ['4'] }))).toEqual({
      ...{ persons: 2, byRow: 0, byAll: 0, wrong: 0 },
    })
  })

  it('tells a wrong join from a right one', () => {
    const [a, b] = [table({ a: ['1', '2'], b: ['3'] }), table({ a: ['3'], b: ['1', '2'] })]
    expect(joined(a, b)).toMatchObject({ byRow: 0, wrong: 2 })
  })

  it('does not join who has as many rows of one as of another', () => {
    expect(joined(table({ a: ['1', '2'] }), table({ a: ['1'], b: ['2'] }))).toMatchObject({ byRow: 0, wrong: 0 })
  })

  it('counts one person with the same row twice as one', () => {
    expect(joined(table({ a: ['1', '1'] }), table({ a: ['1', '1'] }))).toMatchObject({ byRow: 1, byAll: 1 })
  })
})

describe('distances', () => {
  it('are the same for values that were moved alike', () => {
    const dates = [10, 3, 25]
    expect(distances(dates)).toEqual(distances(dates.map((day) => day + 77)))
    expect(distances(dates)).toEqual(['0 7 22'])
    expect(distances([4])).toEqual([])
  })
})

describe('a decision by k', () => {
  const fine = table({ a: ['1950'], b: ['1951'], c: ['1952'], d: ['1960'] })
  const coarse = table({ a: ['195'], b: ['195'], c: ['195'], d: ['196'] })

  it('takes the steps that are needed, and leaves out rows that few persons have', async () => {
    const decided = await decidedByK([fine, coarse], 3, 0.25)
    expect([...decided.table.keys()]).toEqual(['a', 'b', 'c'])
    expect(decided).toMatchObject({ steps: 1, isRefused: false, rows: [4, 3], persons: [4, 3] })
    expect(joined(decided.table, decided.table)).toMatchObject({ byRow: 0, byAll: 0 })
  })

  it('takes none where so many rows may be left out', async () => {
    expect(await decidedByK([fine, coarse], 3, 1)).toMatchObject({ steps: 0, persons: [4, 0] })
    expect((await decidedByK([fine, coarse], 3, 0)).isRefused).toBe(true)
  })
})
