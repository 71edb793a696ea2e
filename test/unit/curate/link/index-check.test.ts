import { describe, expect, it } from 'vitest'
import { judge, type WarehouseState } from '../../../../services/curate/link/index-check.ts'
import { firstVersion, INDEX_FORMAT, type IndexState } from '../../../../services/curate/link/index-store.ts'

const index: IndexState = {
  id: 'one',
  mode: 'live',
  sequence: 7,
  generation: 1,
  positions: new Map([['patient:0', 9n]]),
  fields: { format: INDEX_FORMAT },
}
const warehouse: WarehouseState = {
  expected: { id: 'one', generation: 1 },
  lastGeneration: 1,
  loaded: new Map([['patient:0', 9n]]),
  covered: new Map(),
  highestVersion: 7,
}
const nothing: WarehouseState = {
  expected: undefined,
  lastGeneration: 0,
  loaded: new Map(),
  covered: new Map(),
  highestVersion: 0,
}

describe('judge', () => {
  it('accepts an index that has everything that is loaded, or more', () => {
    const ready = { kind: 'ready', id: 'one', sequence: 7 }
    expect(judge(index, warehouse)).toEqual(ready)
    expect(judge(index, { ...warehouse, loaded: new Map([['patient:0', 3n]]), highestVersion: 2 })).toEqual(ready)
  })

  it('finds an index stale that is missing, another one, or marked', () => {
    expect(judge(undefined, warehouse).kind).toBe('stale')
    expect(judge({ ...index, id: 'two' }, warehouse).kind).toBe('stale')
    expect(judge({ ...index, mode: 'stale' }, warehouse).kind).toBe('stale')
    // Also when ClickHouse does not know its name: records are loaded, so there was one.
    expect(judge(undefined, { ...warehouse, expected: undefined }).kind).toBe('stale')
  })

  it('finds an index stale that an earlier version of Chainon made: its limits count otherwise', () => {
    expect(judge({ ...index, fields: {} }, warehouse).kind).toBe('stale')
  })

  it('finds an index stale that lacks an origin of any partition, or a link', () => {
    const other = judge(index, { ...warehouse, loaded: new Map([...warehouse.loaded, ['patient:1', 0n]]) })
    expect(other).toEqual({ kind: 'stale', reason: 'the linkage index lacks origins 0 to 0 of patient:1' })
    expect(judge(index, { ...warehouse, highestVersion: 8 }).kind).toBe('stale')
  })

  it('distinguishes a new installation, and an index that ClickHouse does not know yet', () => {
    expect(judge(undefined, nothing)).toEqual({ kind: 'absent' })
    expect(judge(index, nothing)).toEqual({ kind: 'unrecorded', index })
  })
})

it('numbers the link versions of each generation above all earlier ones, and below 2^53', () => {
  expect(firstVersion(2)).toBeGreaterThan(firstVersion(1) + 1e12)
  expect(firstVersion(8191) + 2 ** 40 - 1).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
})
