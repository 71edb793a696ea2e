/** The ledger's witness on the real engine: what ClickHouse has is counted by origin, and tiles that are verified are compacted. */
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '#core/clickhouse/migrate.ts'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'
import { closeFinding, listFindings } from '#core/ledger/findings.ts'
import { readTiles } from '#core/ledger/tiles.ts'
import { createWitness } from '#core/ledger/witness.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const TOPIC = 'A'.repeat(22)
const folder = temporaryFolder()
let front: Front
let clickhouse: ClickHouseClient
/** Each test has a partition of its own: findings stay. */
let partition = 0

beforeAll(async () => {
  front = await startFront(folder.path)
  clickhouse = createClient({ url: front.url, ...front.login() })
  await migrate(clickhouse, `${ROOT}schemas/clickhouse`, new Date(), '')
  const contract = loadContracts(`${ROOT}schemas/feeds`).find(({ feed }) => feed === 'death')
  if (!contract) throw new Error('no contract')
  for (const query of tableStatements(contract, 'default', new Map())) await command(query)
})
afterAll(async () => {
  await clickhouse?.close()
  await front?.stop()
  folder.remove()
})

const command = (query: string) => clickhouse.command({ query })
const count = async (from: string) => {
  const result = await clickhouse.query({ query: `SELECT toUInt32(count()) AS n FROM ${from}`, format: 'JSONEachRow' })
  return (await result.json<{ n: number }>())[0]?.n
}

interface Batch {
  readonly from: number
  readonly to: number
  /** Ids of the records: those of an earlier batch are corrections. */
  readonly ids?: number
  readonly lost?: number
  readonly quarantined?: number
}

/** One batch, as curate loads it: the rows first, then the tile. */
async function load({ from, to, ids = from, lost = 0 }: Batch): Promise<void> {
  await command(
    `INSERT INTO feed_death (record_id, _version, _origin_incarnation, _origin_partition, _origin_offset)
     SELECT concat('p2_', base64Encode(sipHash128(${partition}, number - ${from} + ${ids}))), number + 1, '${TOPIC}', ${partition}, number
     FROM numbers(${from}, ${to - from - lost})`,
  )
  await tile({ from, to, lost })
}

async function tile({ from, to, lost = 0, quarantined = 0 }: Batch): Promise<void> {
  const loaded = to - from - lost - quarantined
  const counts = { loaded, rejected: 0, quarantined, lost, replayed: 0, log_from: 0, log_to: 0 }
  const values = [
    {
      feed: 'death',
      incarnation: TOPIC,
      partition,
      from_offset: from,
      to_offset: to,
      ...counts,
      loaded_at: Date.now(),
    },
  ]
  await clickhouse.insert({ table: 'ledger_batch', values, format: 'JSONEachRow' })
}

/** One pass of a witness that was started just now. @returns the open findings of this test's partition */
async function pass(): Promise<string[]> {
  await createWitness(clickhouse, ['death']).pass(Date.now())
  return (await listFindings(clickhouse))
    .filter((finding) => finding.partition === partition)
    .map(({ code, message }) => `${code}: ${message}`)
}
async function verified(): Promise<object | undefined> {
  const place = (await readTiles(clickhouse)).find((one) => one.partition === partition)
  return (
    place && {
      to: place.verified?.to,
      tiles: place.verified?.tiles,
      loaded: place.verified?.loaded,
      runs: place.runs.length,
    }
  )
}
/** The next test: a new partition. */
const next = () => void partition++
const ofPartition = () => `_origin_partition = ${partition}`

test('batches, corrections of earlier ones and merges: verified, compacted, no finding', async () => {
  next()
  for (let from = 0; from < 100; from += 10) await load({ from, to: from + 10, ids: from % 50 })
  expect(await pass()).toEqual([])
  expect(await verified()).toEqual({ to: 100, tiles: 10, loaded: 100, runs: 0 })
  await command('OPTIMIZE TABLE feed_death FINAL')
  expect(await count(`feed_death WHERE ${ofPartition()}`)).toBe(50)
  await load({ from: 100, to: 110 })
  expect(await verified()).toEqual({ to: 100, tiles: 10, loaded: 100, runs: 1 })
  expect(await pass()).toEqual([])
  expect(await verified()).toEqual({ to: 110, tiles: 11, loaded: 110, runs: 0 })
})

test('two witnesses at once, again and again: each tile is counted once', async () => {
  next()
  for (let from = 0; from < 50; from += 10) {
    await load({ from, to: from + 10 })
    await Promise.all([pass(), pass(), pass()])
  }
  expect(await pass()).toEqual([])
  expect(await verified()).toEqual({ to: 50, tiles: 5, loaded: 50, runs: 0 })
})

test('a deleted row, before and after its origin is verified', async () => {
  next()
  await load({ from: 0, to: 10 })
  await command(`DELETE FROM feed_death WHERE ${ofPartition()} AND _origin_offset = 4`)
  expect(await pass()).toEqual([expect.stringMatching(/^missing-rows: 1 row of origins 4 to 4 missing/)])
  await command(`DELETE FROM feed_death WHERE ${ofPartition()} AND _origin_offset >= 8`)
  expect((await pass())[1]).toMatch(/^missing-rows: 2 rows of origins 8 to 9 missing/)
  expect(await pass()).toHaveLength(2)
})

test('a lost correction, although the corrected row is there', async () => {
  next()
  await load({ from: 0, to: 10 })
  expect(await pass()).toEqual([])
  await load({ from: 10, to: 20, ids: 0 })
  await command(`DELETE FROM feed_death WHERE ${ofPartition()} AND _origin_offset >= 10`)
  expect(await pass()).toEqual([expect.stringMatching(/10 rows of origins 10 to 19 missing/)])
})

test('a row that is inserted twice, before and after its origin is verified', async () => {
  next()
  await load({ from: 0, to: 10 })
  const again = (offset: number) =>
    command(`INSERT INTO feed_death SELECT * FROM feed_death WHERE ${ofPartition()} AND _origin_offset = ${offset}`)
  await again(3)
  expect(await pass()).toEqual([expect.stringMatching(/^surplus-rows: 1 row of origins 3 to 3 more than/)])
  next()
  await load({ from: 0, to: 10 })
  expect(await pass()).toEqual([])
  await again(4)
  expect(await pass()).toEqual([expect.stringMatching(/^surplus-rows: 1 row of origins 4 to 4 more than/)])
})

test('a tile without rows, and its verification after an operator has closed the finding', async () => {
  next()
  await load({ from: 0, to: 10 })
  await tile({ from: 10, to: 15 })
  expect(await pass()).toEqual([expect.stringMatching(/^missing-rows: 5 rows of origins 10 to 14 missing/)])
  expect(await verified()).toMatchObject({ to: 0 })
  const [finding] = (await listFindings(clickhouse)).filter((one) => one.partition === partition)
  await closeFinding(clickhouse, finding?.id ?? '', { by: 'test', reason: 'test' }, Date.now())
  expect(await pass()).toEqual([])
  expect(await pass()).toEqual([])
  expect(await verified()).toMatchObject({ to: 15, tiles: 2 })
})

test('gaps and overlaps between tiles are findings; nothing is compacted past them', async () => {
  next()
  await load({ from: 0, to: 10 })
  await load({ from: 15, to: 20 })
  await load({ from: 18, to: 25 })
  const found = await pass()
  expect(found).toContainEqual(expect.stringMatching(/^gap: 5 of origins 10 to 14 missing/))
  expect(found).toContainEqual(expect.stringMatching(/^overlap: 2 of origins 18 to 19 are in more than one batch/))
  expect(await verified()).toMatchObject({ to: 10 })
})

test('a second tile inside a verified range, and a verified tile that is lost', async () => {
  next()
  for (const from of [0, 10, 20]) await load({ from, to: from + 10 })
  expect(await pass()).toEqual([])
  await tile({ from: 10, to: 20 })
  expect(await pass()).toContainEqual(expect.stringMatching(/^overlap: 10 of origins 10 to 19/))
  await command(`DELETE FROM ledger_batch WHERE partition = ${partition} AND from_offset = 10`)
  expect(await pass()).toContainEqual(expect.stringMatching(/^gap: 10 of origins 10 to 19/))
  // The next change is seen again, and a reading does not need all tiles.
  expect(await verified()).toMatchObject({ to: 30, tiles: 2, runs: 0 })
  await command(`DELETE FROM ledger_batch WHERE partition = ${partition}`)
  expect(await pass()).toContainEqual(expect.stringMatching(/^gap: 30 of origins 0 to 29/))
})

test('a tile of records that an operator accepted as lost', async () => {
  next()
  await load({ from: 0, to: 10 })
  await load({ from: 10, to: 30, lost: 20 })
  expect(await pass()).toEqual([])
  expect(await verified()).toMatchObject({ to: 30, loaded: 10 })
})

test('a view that was not written because the engine was killed after the table', async () => {
  next()
  await load({ from: 0, to: 10 })
  for (const table of ['origin_loaded', 'record_loaded'])
    await command(`DELETE FROM ${table} WHERE partition = ${partition}`)
  expect(await pass()).toEqual([])
  expect(await verified()).toMatchObject({ to: 10, loaded: 10 })
  expect(await count(`record_loaded WHERE partition = ${partition}`)).toBe(10)
})

test('a view of the quarantine that was not written because the engine was killed after the table', async () => {
  next()
  await load({ from: 0, to: 4 })
  const rows = [4, 5].map((offset) => ({ feed: 'death', incarnation: TOPIC, partition, origin_offset: offset }))
  await clickhouse.insert({ table: 'quarantine', values: rows, format: 'JSONEachRow' })
  await command(`DELETE FROM origin_quarantined WHERE partition = ${partition}`)
  await tile({ from: 4, to: 6, quarantined: 2 })
  expect(await pass()).toEqual([])
  expect(await verified()).toMatchObject({ to: 6 })
})

test('a quarantined record that is deleted', async () => {
  next()
  const rows = [5, 6].map((offset) => ({ feed: 'death', incarnation: TOPIC, partition, origin_offset: offset }))
  await clickhouse.insert({ table: 'quarantine', values: rows, format: 'JSONEachRow' })
  expect(await pass()).toEqual([])
  await command(`DELETE FROM quarantine WHERE partition = ${partition} AND origin_offset = 6`)
  expect(await pass()).toEqual([expect.stringMatching(/^missing-rows: 1 of origins 6 to 6 missing/)])
})

test('a retried insert is dropped by the views as it is by the table', async () => {
  next()
  const insert = () =>
    clickhouse.insert({
      table: 'feed_death',
      values: [{ record_id: 'p2_again', _origin_incarnation: TOPIC, _origin_partition: partition, _origin_offset: 0 }],
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: 'again', insert_deduplicate: 1, async_insert: 0 },
    })
  for (let i = 0; i < 3; i++) await insert()
  expect(await count(`origin_loaded WHERE partition = ${partition}`)).toBe(1)
})

test('slices of many records together are all of them', async () => {
  next()
  await load({ from: 0, to: 1000 })
  await command(`DELETE FROM feed_death WHERE ${ofPartition()} AND _origin_offset IN (17, 123, 999)`)
  const witness = createWitness(clickhouse, ['death'], 400)
  for (let i = 0; i < 4; i++) await witness.pass(Date.now())
  const found = (await listFindings(clickhouse)).filter((one) => one.partition === partition)
  const offsets = new Set(found.flatMap(({ from, to }) => [Number(from), Number(to) - 1]))
  expect(offsets).toEqual(new Set([17, 123, 999]))
})
