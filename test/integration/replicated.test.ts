/**
 * A replicated ClickHouse: the engine's own Replicated tables with Apache ZooKeeper as their Keeper. One shard, two replicas that cannot
 * fetch from each other (`interserver-address.mjs`): the second is behind for as long as the test likes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Block, insertBlock, missingRows } from '#core/clickhouse/insert.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { onCluster } from '#core/clickhouse/replicated.ts'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'
import { insertProven } from '../../services/curate/load/insert-proven.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'
import { type HeldConnection, heldConnection, startZooKeeper, type ZooKeeper } from '../helpers/zookeeper.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = temporaryFolder()
let zookeeper: ZooKeeper
/** Between ZooKeeper and the first replica. */
let held: HeldConnection
let first: Replica
let second: Replica

interface Replica {
  readonly name: string
  readonly keeperPort: number
  front: Front
  client: ClickHouseClient
}

async function startReplica(name: string, keeperPort: number): Promise<Replica> {
  const dir = join(folder.path, name)
  // The engine merges these files with its own.
  mkdirSync(join(dir, 'engine.d'), { recursive: true })
  writeFileSync(
    join(dir, 'engine.d', 'keeper.xml'),
    `<clickhouse>
  <zookeeper><node><host>127.0.0.1</host><port>${keeperPort}</port></node><session_timeout_ms>1000</session_timeout_ms></zookeeper>
  <macros><shard>1</shard><replica>${name}</replica></macros>
</clickhouse>`,
  )
  const address = join(ROOT, 'test/helpers/interserver-address.mjs')
  const front = await startFront(dir, { NODE_OPTIONS: `--import=${address}` })
  return { name, keeperPort, front, client: createClient({ url: front.url, ...front.login(), log: { level: 127 } }) }
}

/** kill -9, and a new process on the same folder. */
async function crash(replica: Replica): Promise<void> {
  await replica.front.kill()
  await replica.client.close()
  const { front, client } = await startReplica(replica.name, replica.keeperPort)
  Object.assign(replica, { front, client })
  await expect
    .poll(() => value(replica, "SELECT count() FROM system.replicas WHERE database = 'default' AND is_readonly"))
    .toBe('0')
}

async function value(replica: Replica, query: string): Promise<string> {
  const result = await replica.client.query({ query, format: 'TabSeparated' })
  return (await result.text()).trim()
}

/** The engine as a library has no queue of distributed definitions; the rest of the statement is as for a cluster. */
const local = (statement: string) => onCluster(statement, 'c').replace(' ON CLUSTER `c`', '')

async function createTable(replica: Replica, table: string): Promise<void> {
  await replica.client.command({
    query: local(
      `CREATE TABLE IF NOT EXISTS ${table} (origin UInt64, what String)
       ENGINE = ReplacingMergeTree(origin) ORDER BY origin SETTINGS non_replicated_deduplication_window = 100`,
    ),
  })
}

const block = (table: string, rows = ROWS): Block => ({
  table,
  columns: ['origin', 'what'],
  rows,
  token: 'f:i:0:10-13',
  stored: {
    where: 'origin >= {from:UInt64} AND origin < {to:UInt64}',
    params: { from: '10', to: '13' },
    key: ['origin'],
  },
})
const ROWS: readonly (readonly unknown[])[] = [10, 11, 12].map((origin) => [String(origin), `row ${origin}`])
const guard = {
  assertOwned: () => undefined,
  deadline: Number.POSITIVE_INFINITY,
  earlierUntil: 0,
  longestInsertMs: 10_000,
}
const stored = (replica: Replica, table: string) => value(replica, `SELECT count() FROM ${table} WHERE origin < 100`)

beforeAll(async () => {
  zookeeper = await startZooKeeper(folder.path)
  held = await heldConnection(zookeeper.port)
  first = await startReplica('a', held.port)
})
afterAll(async () => {
  await Promise.all(
    [first, second].map(async (replica) => {
      await replica?.client.close()
      await replica?.front.kill()
    }),
  )
  held?.stop()
  await zookeeper?.stop()
  folder.remove()
})

test('each table of the migrations and of the feeds is replicated, with a window in Keeper', async () => {
  const client = {
    command: ({ query }: { query: string }) => first.client.command({ query: query.replace(' ON CLUSTER `c`', '') }),
    query: first.client.query.bind(first.client),
  } as ClickHouseClient
  const dir = join(ROOT, 'schemas/clickhouse')
  await migrate(client, dir, new Date(), 'c')
  const contracts = loadContracts(join(ROOT, 'schemas/feeds'))
  for (const statement of contracts.flatMap((contract) => tableStatements(contract, 'default', new Map())))
    await first.client.command({ query: local(statement) })
  const text = await value(
    first,
    `SELECT name, engine, extract(engine_full, ' replicated_deduplication_window = (\\d+)'),
            extract(engine_full, 'replicated_deduplication_window_seconds = (\\d+)')
     FROM system.tables WHERE database = 'default' AND engine LIKE '%MergeTree' ORDER BY name`,
  )
  const tables = text.split('\n').map((line) => line.split('\t'))
  expect(tables.filter(([, engine]) => !engine?.startsWith('Replicated'))).toEqual([])
  // Every window of a definition for one server has its counterpart.
  const windows = readdirSync(dir).flatMap((file) => readFileSync(join(dir, file), 'utf8').match(/window = \d+/g) ?? [])
  const withWindow = tables.filter(([, , blocks]) => Number(blocks) > 0)
  expect(withWindow).toHaveLength(windows.length + contracts.length)
  expect(withWindow.filter(([, , , seconds]) => seconds !== '172800')).toEqual([])
})

test('a repeated token is dropped, whatever its rows', async () => {
  await createTable(first, 'repeated')
  for (const rows of [ROWS, ROWS, [['99', 'other']]]) await insertBlock(first.client, block('repeated', rows), 10_000)
  expect(await stored(first, 'repeated')).toBe('3')
})

describe('kill -9 while a part is committed', () => {
  /** A part and its token are written to Keeper in one transaction: held before it, or after it. */
  async function killWhileHeld(what: 'request' | 'answer', table: string): Promise<void> {
    await createTable(first, table)
    // A table of which half of the rows are unknown to Keeper would stay read-only.
    await first.client.command({ query: `INSERT INTO ${table} SELECT number + 100, 'earlier' FROM numbers(100)` })
    const reached = held.hold(what, `/${table}/replicas/a/parts/`)
    const insert = insertBlock(first.client, block(table), 10_000).then(
      () => 'stored',
      () => 'unknown',
    )
    await reached
    await crash(first)
    expect(await insert).toBe('unknown')
  }

  test('before the transaction: no rows and no token, and the retry inserts', async () => {
    await killWhileHeld('request', 'before')
    expect(await stored(first, 'before')).toBe('0')
    expect(await insertProven(first.client, block('before'), guard, true)).toBe(0)
    expect(await stored(first, 'before')).toBe('3')
  })

  test('after the transaction: rows and token, and the retry inserts nothing', async () => {
    await killWhileHeld('answer', 'after')
    expect(await stored(first, 'after')).toBe('3')
    expect(await insertProven(first.client, block('after'), guard, true)).toBe(0)
    await insertBlock(first.client, block('after', [['99', 'other']]), 10_000)
    expect(await stored(first, 'after')).toBe('3')
  })
})

describe('a second replica', () => {
  beforeAll(async () => {
    second = await startReplica('b', zookeeper.port)
    for (const replica of [first, second]) await createTable(replica, 'shared')
    await second.client.command({ query: 'SYSTEM STOP FETCHES shared' })
    await insertBlock(first.client, block('shared'), 10_000)
  })

  test('knows the tokens of the first', async () => {
    await insertBlock(second.client, block('shared', [['99', 'other']]), 10_000)
    expect([await stored(first, 'shared'), await stored(second, 'shared')]).toEqual(['3', '0'])
  })

  test('is not asked for rows that it has not fetched yet: they would be inserted a second time', async () => {
    const missing = await missingRows(second.client, block('shared')).catch((error: unknown) => error)
    expect(missing).toMatchObject({ type: 'TIMEOUT_EXCEEDED' })
  })
})
