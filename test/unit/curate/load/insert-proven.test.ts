/** A look-up between ClickHouse's writing of a token and of its rows, which lasts 0.1 ms there: the window is held open here. */
import { expect, it } from 'vitest'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import type { Block } from '#core/clickhouse/insert.ts'
import { type InsertGuard, insertProven } from '../../../../services/curate/load/insert-proven.ts'

const BLOCK: Block = {
  table: 'f',
  columns: ['origin'],
  rows: [['1'], ['2']],
  token: 'own',
  stored: { where: '1', params: {}, key: ['origin'] },
}
const GUARD: InsertGuard = {
  assertOwned: () => undefined,
  deadline: Number.POSITIVE_INFINITY,
  earlierUntil: 0,
  longestInsertMs: 1000,
}

/** @param answers what `system.processes` says, one after the other; a statement that has ended has stored its rows */
function clickhouse(stored: readonly string[], answers: ('running' | 'fails' | 'ended')[]) {
  const tokens: string[] = [...stored]
  const inserted: string[] = []
  const rows: string[] = []
  const client = {
    insert: async ({ table, values, clickhouse_settings: settings }: never) => {
      const { insert_deduplication_token: token } = settings as { insert_deduplication_token: string }
      inserted.push(token)
      if (tokens.includes(token)) return
      tokens.push(token)
      if (table === 'f') for (const [origin] of values as string[][]) rows.push(origin ?? '')
    },
    query: async ({ query }: { query: string }) => {
      if (query.includes('system.tables')) return { json: async () => [{ engine: 'MergeTree' }] }
      if (query.includes('insert_fence'))
        return { json: async () => (inserted.includes('m:insert_fence') ? [['stored']] : []) }
      if (!query.includes('system.processes')) return { json: async () => rows.map((origin) => [origin]) }
      const answer = answers.shift() ?? 'ended'
      if (answer === 'fails') throw new Error('no answer')
      if (answer === 'ended' && rows.length === 0 && stored.length > 0) rows.push('1', '2')
      return { json: async () => [{ running: answer === 'running' ? '1' : '0' }] }
    },
  }
  return { client: client as unknown as ClickHouseClient, inserted, rows }
}

it('a claim that meets a statement between token and rows waits until its rows show', async () => {
  const h = clickhouse(['m:f'], ['running', 'running', 'ended'])
  expect(await insertProven(h.client, BLOCK, { ...GUARD, merged: 'm' }, true)).toBe(0)
  expect([h.inserted, h.rows]).toEqual([
    ['m:insert_fence', 'm:f'],
    ['1', '2'],
  ])
})

it('rows are not looked up before it is known that no such statement runs', async () => {
  const h = clickhouse(['m:f'], ['fails', 'running', 'fails', 'ended'])
  await insertProven(h.client, BLOCK, { ...GUARD, merged: 'm' }, true)
  expect([h.inserted.includes('own'), h.rows]).toEqual([false, ['1', '2']])
})

it('a retry under its own token waits in the same way', async () => {
  const h = clickhouse(['own'], ['running', 'ended'])
  expect(await insertProven(h.client, BLOCK, GUARD, true)).toBe(0)
  expect([h.inserted, h.rows]).toEqual([['own'], ['1', '2']])
})

it('a claim that finds no token stores the rows', async () => {
  const h = clickhouse([], [])
  await insertProven(h.client, BLOCK, { ...GUARD, merged: 'm' }, true)
  expect([h.inserted, h.rows]).toEqual([
    ['m:insert_fence', 'm:f'],
    ['1', '2'],
  ])
})
