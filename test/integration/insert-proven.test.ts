/** One block, each row once, whatever ClickHouse's token log says: on the real engine, through a connection that breaks on demand. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Block, insertBlock } from '#core/clickhouse/insert.ts'
import { policyVersions, registerPolicies } from '#core/clickhouse/policy-versions.ts'
import { loadContracts } from '#core/contract/load.ts'
import { PERSON_LINK_SCHEMA, type PersonLink } from '#core/contract/person-link.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { NOT_WRAPPED } from '#core/crypto/pseudonym-wrap.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import { insertProven } from '../../services/curate/load/insert-proven.ts'
import { linkLoader } from '../../services/curate/load/load-links.ts'
import { decoderOf, encoderOf } from '../guide/avro.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const folder = temporaryFolder()
let front: Front
let direct: ClickHouseClient
/** Through a proxy that breaks as many connections as `breaking` says: before the request reaches ClickHouse, or after its answer. */
let unreliable: ClickHouseClient
const proxy = createServer(relay)
let breaking: ('request' | 'answer' | 'held')[] = []
let held: Buffer[] = []
let requests = 0

/** Delivers the requests that were held, and waits for their answers. */
async function deliver(): Promise<void> {
  expect(held.length).toBeGreaterThan(0)
  for (const request of held) {
    const server = connect(front.port, '127.0.0.1')
    server.write(request)
    const [answer] = (await once(server, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200/)
    server.destroy()
  }
}

function relay(client: Socket): void {
  client.on('error', () => undefined)
  client.once('data', (first) => {
    requests++
    const fault = breaking.shift()
    if (fault === 'request') return client.destroy()
    if (fault === 'held') {
      const request = [first]
      client.on('data', (more) => request.push(more))
      // The body may follow the head.
      setTimeout(() => {
        held.push(Buffer.concat(request))
        client.destroy()
      }, 200)
      return undefined
    }
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
  direct = createClient({ url: front.url, ...front.login() })
  unreliable = createClient({
    url: `http://127.0.0.1:${address.port}`,
    ...front.login(),
    keep_alive: { enabled: false },
  })
})
afterAll(async () => {
  await Promise.all([direct?.close(), unreliable?.close()])
  proxy.close()
  await front?.stop()
  folder.remove()
})
beforeEach(async () => {
  breaking = []
  held = []
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
const guard = {
  assertOwned: () => undefined,
  deadline: Number.POSITIVE_INFINITY,
  earlierUntil: 0,
  longestInsertMs: 10_000,
}

async function origins(): Promise<number[]> {
  const result = await direct.query({
    query: 'SELECT origin FROM proven WHERE part = 1 ORDER BY origin',
    format: 'JSONEachRow',
  })
  return (await result.json<{ origin: string }>()).map(({ origin }) => Number(origin))
}
/** What a kill between the two leaves behind: the token, and no row of the block. */
const forgeToken = () => insertBlock(direct, block([[2, '10', 'other']]), 10_000)

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
  await insertBlock(direct, block(ROWS, 'another token'), 10_000)
  expect(await insertProven(unreliable, block(ROWS), guard, true)).toBe(0)
  expect(await origins()).toEqual([10, 11, 12])
})

test('a block of which some rows are stored: only the others are inserted, again and again', async () => {
  await insertBlock(direct, block(ROWS.slice(1), 'another token'), 10_000)
  // An earlier repair that wrote its token and no row.
  await insertBlock(direct, { ...block([[2, '10', 'other']]), token: 't:repair-0' }, 10_000)
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

test('an insert that arrives after its retry: only one of the two is kept', async () => {
  // The proxy answers with a closed connection, holds the request, and delivers it when the retry has been stored.
  breaking = ['held']
  expect(await insertProven(unreliable, block(ROWS), guard, false)).toBe(0)
  expect(await origins()).toEqual([10, 11, 12])
  await deliver()
  expect(await origins()).toEqual([10, 11, 12])
})

test('an insert that arrives after the next owner of the intent inserted: only one of the two is kept', async () => {
  breaking = ['held', 'request']
  const gone = { ...guard, assertOwned: () => expect(requests).toBe(0) }
  await expect(insertProven(unreliable, block(ROWS), gone, false)).rejects.toThrow()
  expect(await insertProven(direct, block(ROWS), guard, true)).toBe(0)
  await deliver()
  expect(await origins()).toEqual([10, 11, 12])
})

test('rows are not inserted under another token while an earlier attempt may still be running', async () => {
  await insertBlock(direct, block(ROWS.slice(1), 'another token'), 10_000)
  const early = { ...guard, earlierUntil: Date.now() + 60_000 }
  await expect(insertProven(unreliable, block(ROWS), early, true)).rejects.toMatchObject({
    code: 'unresolved-batch',
  })
  expect(await origins()).toEqual([11, 12])
  // With the token of the whole block stored, an earlier attempt would be dropped: nothing has to be waited for.
  await direct.command({ query: 'TRUNCATE TABLE proven' })
  expect(await insertProven(unreliable, block(ROWS), early, true)).toBe(0)
  expect(await origins()).toEqual([10, 11, 12])
})

test('an insert that would not have ended at the deadline of its intent is not begun', async () => {
  const late = { ...guard, deadline: Date.now() + 5000 }
  await expect(insertProven(unreliable, block(ROWS), late, false)).rejects.toMatchObject({ code: 'intent-deadline' })
  expect(requests).toBe(0)
})

/** @returns when the table of a migration is there */
async function createTable(migration: string): Promise<void> {
  const text = readFileSync(`schemas/clickhouse/${migration}.sql`, 'utf8')
  await direct.command({ query: /^CREATE TABLE[^]+?(?=;\n)/m.exec(text)?.[0] ?? '' })
}

test('a version of a policy of which a kill left the token without the row is registered by the next run', async () => {
  await createTable('0010_policy_version')
  const columns = ['feed', 'version', 'sha256', 'policy', 'since'] as const
  const forged = { table: 'policy_version', columns: [...columns] as [string, ...string[]], token: 'death:1' }
  await insertBlock(direct, { ...forged, rows: [['forged', 1, 'x', 'x', 0]] })
  const contracts = loadContracts('schemas/feeds').filter(({ feed }) => feed === 'death')
  expect(await registerPolicies(direct, contracts, new Date())).toHaveLength(1)
  expect((await policyVersions(direct)).map(({ feed, version }) => [feed, version])).toContainEqual(['death', 1])
  expect(await registerPolicies(direct, contracts, new Date())).toEqual([])
})

test('links of which a kill left the token without the rows are loaded by the retry', async () => {
  await createTable('0011_person_link_scored')
  const later = readFileSync('schemas/clickhouse/0013_person_link_history.sql', 'utf8')
  await direct.command({ query: /^ALTER TABLE person_link_scored[^]+?(?=;\n)/m.exec(later)?.[0] ?? '' })
  const p1 = (name: string) => `p1_${name.repeat(43)}`
  const link = (record: string, version: number): PersonLink => ({
    patient: p1('a'),
    record: p1(record),
    person: p1(record),
    method: 'establishment-ipp',
    weight: null,
    probability: null,
    model: 'm',
    previous: null,
    change: '',
    reason: 'records',
    link_version: version,
    linked_at: version,
  })
  const encoder = encoderOf(PERSON_LINK_SCHEMA)
  const messages = [link('b', 1), link('c', 2)].map((one, at) => ({
    value: encoder.encode({ ...one }),
    offset: `${at}`,
  }))
  let committed = 0
  const batch = {
    messages,
    partition: 0,
    assertOwned: () => undefined,
    commit: async () => void committed++,
    advance: () => undefined,
  } as unknown as PartitionBatch
  const insert = direct.insert.bind(direct)
  let attempts = 0
  // The first attempt leaves its token, with a row of another record, and the process ends.
  const killed = new Proxy(direct, {
    get: (target, name) =>
      name === 'insert'
        ? async (asked: Parameters<typeof insert>[0]) => {
            if (attempts++ > 0) return insert(asked)
            const [row = []] = asked.values as unknown[][]
            await insert({ ...asked, values: [row.with(1, 'forged')] } as typeof asked)
            throw new Error('killed')
          }
        : Reflect.get(target, name, target),
  })
  const load = linkLoader({
    clickhouse: killed,
    decoder: decoderOf(PERSON_LINK_SCHEMA),
    assertKeyInForce: async () => undefined,
    level2: pseudonymiser(2, Buffer.alloc(32, 9)),
    wrap: NOT_WRAPPED,
    events: { fault: () => undefined, records: () => undefined },
  })
  await expect(load('linked.patient', batch)).rejects.toThrow('killed')
  await load('linked.patient', batch)
  const result = await direct.query({
    query: "SELECT uniqExact(record_id) AS n FROM person_link_scored WHERE record_id != 'forged'",
    format: 'JSONEachRow',
  })
  expect([committed, (await result.json<{ n: unknown }>()).map(({ n }) => Number(n))]).toEqual([1, [2]])
})
