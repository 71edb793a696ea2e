import { expect, it } from 'vitest'
import { tightWindows, windowsOf } from '../../../../services/curate/load/windows.ts'

it('reads the window of a table from its engine', () => {
  const engine = 'MergeTree ORDER BY x SETTINGS non_replicated_deduplication_window = 20000, index_granularity = 8192'
  const replicated = "ReplicatedMergeTree('/p', 'r') ORDER BY x SETTINGS replicated_deduplication_window = 30000"
  const engines = {
    a: engine,
    b: 'MergeTree ORDER BY x',
    c: replicated,
    d: "ReplicatedMergeTree('/p', 'r') ORDER BY x",
  }
  expect([...windowsOf(new Map(Object.entries(engines))).values()]).toEqual([20_000, 0, 30_000, 10_000])
})

it('finds the windows of which one deadline needs more than half: shared tables take the blocks of all feeds', () => {
  const windows = new Map([
    ['feed_a', 100],
    ['feed_b', 100],
    ['ledger_batch', 120],
  ])
  expect(tightWindows(windows, new Map([['a', 51]]))).toEqual([{ table: 'feed_a', window: 100, blocks: 51 }])
  const both = new Map([
    ['a', 40],
    ['b', 30],
  ])
  expect(tightWindows(windows, both)).toEqual([{ table: 'ledger_batch', window: 120, blocks: 70 }])
})

it('counts a block that has batches of several feeds once for a shared table', () => {
  const windows = new Map([['ledger_batch', 120]])
  const both = new Map([
    ['a', 40],
    ['b', 30],
  ])
  expect(tightWindows(windows, both, 60)).toEqual([])
  expect(tightWindows(windows, both, 61)).toEqual([{ table: 'ledger_batch', window: 120, blocks: 61 }])
})
