/** Every interleaving of a merged insert with its recovery: nothing is lost, nothing doubled, and each part of the protocol is needed. */
import { describe, expect, it, test } from 'vitest'
import { explore, type Protocol, type Scenario } from './model.ts'

const PROTOCOL: Protocol = { claims: true, settles: true, fences: true, fencesTiles: true }
const QUIET: Scenario = { tables: 1, keeps: false, kills: 0, deaths: 0, timeouts: 0 }

describe('a merged insert and its recovery', () => {
  test.each<[string, Scenario]>([
    ['two new owners, two tables', { ...QUIET, tables: 2 }],
    ['two new owners, ClickHouse killed between token and rows', { ...QUIET, kills: 1, timeouts: 1 }],
    ['two new owners, one of which ends in the middle', { ...QUIET, deaths: 1, kills: 1 }],
    ['one partition stays with the owner, two tables', { ...QUIET, keeps: true, tables: 2, timeouts: 1 }],
    ['one partition stays, its worker ends, two tables', { ...QUIET, keeps: true, tables: 2, deaths: 1 }],
    ['one partition stays, everything else happens', { ...QUIET, keeps: true, kills: 1, deaths: 1, timeouts: 1 }],
  ])(
    'loses and doubles nothing: %s',
    (_, scenario) => {
      const { states, ...found } = explore(PROTOCOL, scenario)
      expect(found).toEqual({ lost: false, doubled: false })
      expect(states).toBeGreaterThan(100)
    },
    60_000,
  )
})

describe('the protocol without one of its parts', () => {
  it('doubles records without a claim: the merged insert of a former owner lands behind the look-up', () => {
    expect(explore({ ...PROTOCOL, claims: false }, QUIET)).toMatchObject({ doubled: true })
  })

  it('doubles records when the look-up comes between token and rows', () => {
    expect(explore({ ...PROTOCOL, settles: false }, QUIET)).toMatchObject({ doubled: true })
  })

  it('loses records of the partition that stays, when its owner takes a dropped insert for a stored one', () => {
    expect(explore({ ...PROTOCOL, fences: false }, { ...QUIET, keeps: true })).toMatchObject({ lost: true })
  })

  it('loses records when a tile of the merged insert is stored behind a block that was dropped', () => {
    const ends = { ...QUIET, keeps: true, tables: 2, deaths: 1 }
    expect(explore({ ...PROTOCOL, fencesTiles: false }, ends)).toMatchObject({ lost: true })
  })
})
