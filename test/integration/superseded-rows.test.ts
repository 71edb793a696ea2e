/**
 * A row that ClickHouse removed because a later version of its record is stored is not missing: a batch whose outcome is not known is
 * not inserted again for it. On the real engine, with the tables and the witness of a feed.
 */
import { randomBytes } from 'node:crypto'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { insertBlock } from '#core/clickhouse/insert.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { blocksOf } from '../../services/curate/load/blocks.ts'
import { insertProven } from '../../services/curate/load/insert-proven.ts'
import { rowBuilder } from '../../services/curate/load/rows.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const diagnosis = loadContracts('schemas/feeds').find(({ feed }) => feed === 'diagnosis') as FeedContract
const rows = rowBuilder(diagnosis, pseudonymiser(2, randomBytes(32)))
const NOW = Date.UTC(2026, 0, 1) * 1000
const folder = temporaryFolder()
let front: Front
let clickhouse: ClickHouseClient

beforeAll(async () => {
  front = await startFront(folder.path)
  clickhouse = createClient({ url: front.url, ...front.login() })
  await migrate(clickhouse, 'schemas/clickhouse', new Date(), '')
  for (const query of tableStatements(diagnosis, 'default', new Map())) await clickhouse.command({ query })
})
afterAll(async () => {
  await clickhouse?.close()
  await front?.stop()
  folder.remove()
})
beforeEach(async () => {
  for (const table of ['feed_diagnosis', 'origin_loaded', 'record_loaded'])
    await clickhouse.command({ query: `TRUNCATE TABLE ${table}` })
})

function rowOf(id: string, version: number, origin: bigint): readonly unknown[] {
  const record = {
    ...{ record_id: id, record_version: version, operation: 'upsert', patient_id: 'p1_p' },
    ...{ code_system: 'cim10', kind: 'other', code: 'E110', recorded_at: 0, _producer: 'h', _received_at: NOW },
  }
  return rows.row(record, [], { incarnation: 'i', partition: 0 }, origin)
}

/** The block of the feed's table for the origins from 0. */
function blockOf(versions: readonly (readonly [id: string, version: number])[], token: string) {
  const to = BigInt(versions.length)
  const range = {
    ...{ feed: 'diagnosis', incarnation: 'i', partition: 0, logIncarnation: 'l', from: 0n, to, originFrom: 0n },
    ...{ originTo: to, replayed: 0, attempt: token, now: NOW / 1000 },
  }
  const outcome = {
    rows: versions.map(([id, version], origin) => rowOf(id, version, BigInt(origin))),
    ...{ failures: [], rejected: 0, quarantined: 0, unlinked: 0, limited: 0, links: [], rules: [], receivedAt: [] },
  }
  const [block] = blocksOf(range, outcome, rows)
  if (!block) throw new Error('there is no block')
  return block
}

const guard = {
  assertOwned: () => undefined,
  deadline: Number.POSITIVE_INFINITY,
  earlierUntil: 0,
  longestInsertMs: 10_000,
}
const BATCH = [
  ['p1_a', 1],
  ['p1_a', 2],
  ['p1_b', 1],
] as const

async function witnessed(): Promise<readonly number[]> {
  const result = await clickhouse.query({
    query: 'SELECT offset FROM origin_loaded ORDER BY offset',
    format: 'JSONEachRow',
  })
  return (await result.json<{ offset: string }>()).map(({ offset }) => Number(offset))
}

test('two versions of one record in the first batch of an assignment', async () => {
  expect(await insertProven(clickhouse, blockOf(BATCH, 'first'), guard, true)).toBe(0)
  expect(await witnessed()).toEqual([0, 1, 2])
})

test('a version that a merge removed before the batch is formed again', async () => {
  const block = blockOf(BATCH, 'merged')
  await insertBlock(clickhouse, block)
  await clickhouse.command({ query: 'OPTIMIZE TABLE feed_diagnosis FINAL' })
  expect(await insertProven(clickhouse, block, guard, true)).toBe(0)
  expect(await witnessed()).toEqual([0, 1, 2])
})

describe('the engine was killed after it wrote the table, and before the views', () => {
  const withoutViews = async (token: string) => {
    const block = blockOf(BATCH, token)
    await insertBlock(clickhouse, block)
    for (const table of ['origin_loaded', 'record_loaded'])
      await clickhouse.command({ query: `TRUNCATE TABLE ${table}` })
    return block
  }
  const merge = () => clickhouse.command({ query: 'OPTIMIZE TABLE feed_diagnosis FINAL' })

  test('a version that a merge removes after the batch was formed again', async () => {
    expect(await insertProven(clickhouse, await withoutViews('before'), guard, true)).toBe(0)
    await merge()
    expect(await witnessed()).toEqual([0, 1, 2])
  })

  test('a version that a merge removes before', async () => {
    const block = await withoutViews('after')
    await merge()
    await insertProven(clickhouse, block, guard, true)
    expect(await witnessed()).toEqual([0, 1, 2])
  })
})

test('a version that was never inserted, although a later one of its record is stored', async () => {
  const later = { ...blockOf([['p1_a', 2]], 'later') }
  await insertBlock(clickhouse, { ...later, rows: [rowOf('p1_a', 2, 9n)] })
  const block = blockOf([['p1_a', 1]], 'earlier')
  expect(await insertProven(clickhouse, block, guard, true)).toBe(0)
  expect(await witnessed()).toEqual([0, 9])
})

test('a first batch of many records, and many that a merge removed', async () => {
  const many = Array.from({ length: 3000 }, (_, i) => [`p1_${'x'.repeat(60)}${i >> 1}`, 1 + (i % 2)] as const)
  const block = blockOf(many, 'many')
  expect(await insertProven(clickhouse, block, guard, true)).toBe(0)
  await clickhouse.command({ query: 'OPTIMIZE TABLE feed_diagnosis FINAL' })
  expect(await insertProven(clickhouse, block, guard, true)).toBe(0)
  expect((await witnessed()).length).toBe(3000)
})
