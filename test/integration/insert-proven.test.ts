/** One block, each row once, whatever ClickHouse's token log says: on the real engine, through a connection that breaks on demand. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Block, insertBlock } from '#core/clickhouse/insert.ts'
import { insertProven } from '../../services/curate/load/insert-proven.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const folder = temporaryFolder()
let front: Front
let direct: ClickHouseClient
/** Through a proxy that breaks as many connections as `breaking` says: before the request reaches ClickHouse, or after its answer. */
let unreliable: ClickHouseClient
const proxy = createServer(relay)
let breaking: ('request' | 'answer')[] = []
let requests = 0

function relay(client: Socket): void {
  client.on('error', () => undefined)
  client.once('data', (first) => {
    requests++
    const fault = breaking.shift()
    if (fault === 'request') return client.destroy()
    const server = connect(front.port, '127.0.0.1')
    server.on('error', () => client.destroy())
    server.write(first)
    client.pipe(server)
    if (fault === 'answer') server.once('data', () => client.destroy())
    else server.pipe(client)
    return undefined
  })
}

beforeAll(async () => {
  front = await startFront(folder.path)
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address() as { port: number }
  direct = createClient({ url: front.url })
  unreliable = createClient({ url: `http://127.0.0.1:${address.port}`, keep_alive: { enabled: false } })
})
afterAll(async () => {
  await Promise.all([direct?.close(), unreliable?.close()])
  proxy.close()
  await front?.stop()
  folder.remove()
})
beforeEach(async () => {
  breaking = []
  requests = 0
  await direct.command({ query: 'DROP TABLE IF EXISTS proven SYNC' })
  await direct.command({
    query: `CREATE TABLE proven (part UInt32, origin UInt64, what String) ENGINE = MergeTree ORDER BY origin
            SETTINGS non_replicated_deduplication_window = 100`,
  })
})

const block = (rows: readonly (readonly unknown[])[], token = 't'): Block => ({
  table: 'proven',
  columns: ['part', 'origin', 'what'],
  rows,
  token,
  stored: {
    where: 'part = {part:UInt32} AND origin >= {from:UInt64} AND origin < {to:UInt64}',
    params: { part: 1, from: '10', to: '20' },
    key: ['origin'],
  },
})
const ROWS = [10, 11, 12].map((origin) => [1, String(origin), `row ${origin}`])
const guard = { assertOwned: () => undefined, deadline: Number.POSITIVE_INFINITY }

async function origins(): Promise<number[]> {
  const result = await direct.query({
    query: 'SELECT origin FROM proven WHERE part = 1 ORDER BY origin',
    format: 'JSONEachRow',
  })
  return (await result.json<{ origin: string }>()).map(({ origin }) => Number(origin))
}
/** What a kill between the two leaves behind: the token, and no row of the block. */
const forgeToken = () => insertBlock(direct, block([[2, '10', 'other']]))

test('a block that is answered at once costs one request', async () => {
  expect(await insertProven(unreliable, block(ROWS), guard, false)).toBe(0)
  expect([await origins(), requests]).toEqual([[10, 11, 12], 1])
})

test('a connection that breaks before or after the insert loses nothing and doubles nothing', async () => {
  breaking = ['request', 'answer', 'answer']
  expect(await insertProven(unreliable, block(ROWS), guard, false)).toBe(0)
  expect(await origins()).toEqual([10, 11, 12])
})

test('a token without rows, met by a retry', async () => {
  await forgeToken()
  breaking = ['request']
  expect(await insertProven(unreliable, block(ROWS), guard, false)).toBe(3)
  expect(await origins()).toEqual([10, 11, 12])
})

test('a token without rows, met by the next owner of the intent', async () => {
  await forgeToken()
  expect(await insertProven(unreliable, block(ROWS), guard, true)).toBe(3)
  expect(await origins()).toEqual([10, 11, 12])
})

test('rows without a token, as an engine leaves them that writes the part first', async () => {
  await insertBlock(direct, block(ROWS, 'another token'))
  expect(await insertProven(unreliable, block(ROWS), guard, true)).toBe(0)
  expect(await origins()).toEqual([10, 11, 12])
})

test('a block of which some rows are stored: only the others are inserted, again and again', async () => {
  await insertBlock(direct, block(ROWS.slice(1), 'another token'))
  // An earlier repair that wrote its token and no row.
  await insertBlock(direct, { ...block([[2, '10', 'other']]), token: 't:repair-0' })
  expect(await insertProven(unreliable, block(ROWS), guard, true)).toBe(2)
  expect(await origins()).toEqual([10, 11, 12])
})

test('a block that is counted as a whole is stored or not', async () => {
  const whole = { ...block(ROWS), stored: { ...block(ROWS).stored, key: [] } }
  await forgeToken()
  expect(await insertProven(unreliable, whole, guard, true)).toBe(3)
  expect(await insertProven(unreliable, whole, guard, true)).toBe(0)
  expect(await origins()).toEqual([10, 11, 12])
})
