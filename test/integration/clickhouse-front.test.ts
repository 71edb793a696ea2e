import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Front, startFront, temporaryFolder, tryFront } from '../helpers/clickhouse-front.ts'

const folder = temporaryFolder()
let front: Front
let client: ReturnType<typeof createClient>

/** The tests provoke errors; the client would print each. */
const log = { level: ClickHouseLogLevel.OFF }

const connect = (): void => {
  client = createClient({ log, url: front.url, ...front.login(), request_timeout: 30_000, max_open_connections: 20 })
}
const select = async (query: string, query_params: Record<string, unknown> = {}): Promise<unknown[]> =>
  (await client.query({ query, query_params, format: 'JSONEachRow' })).json<unknown>()
/** As an administrator. */
const authorization = (of: Front): { readonly authorization: string } => {
  const { username, password } = of.login()
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}
const get = (search: string): Promise<Response> => fetch(`${front.url}/${search}`, { headers: authorization(front) })
const raw = (body: string, search = ''): Promise<Response> =>
  fetch(`${front.url}/${search}`, { method: 'POST', body, headers: authorization(front) })
const failure = async (action: Promise<unknown>): Promise<ClickHouseError> => {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ClickHouseError)) throw new Error(`not a ClickHouseError: ${String(error)}`)
  return error
}
const table = (name: string): Promise<unknown> =>
  client.command({
    query: `CREATE TABLE ${name} (id UInt64, s String) ENGINE = MergeTree ORDER BY id
            SETTINGS non_replicated_deduplication_window = 1000`,
  })
const people = (count: number): { id: number; s: string }[] =>
  Array.from({ length: count }, (_, id) => ({ id, s: `row ${id}; it's` }))

beforeAll(async () => {
  front = await startFront(folder.path)
  connect()
})

afterAll(async () => {
  await client.close()
  expect(await front.stop()).toBe(0)
  folder.remove()
})

describe('the interface of @clickhouse/client', () => {
  it('answers ping and select', async () => {
    expect(await client.ping()).toMatchObject({ success: true })
    expect(await select('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await (await get('?query=SELECT+2')).text()).toBe('2\n')
  })

  it('reads and writes values that look like SQL', async () => {
    await table('nasty')
    const texts = ["it's", 'a;b;', '\n\nline\n', 'FORMAT JSONEachRow', '; DROP TABLE nasty;', 'é漢😀', '\t\\"\0--', '']
    const values = texts.map((s, id) => ({ id, s }))
    await client.insert({ table: 'nasty', values: values.slice(0, 4), format: 'JSONEachRow' })
    const rest = values.slice(4).map(({ id, s }) => [id, s])
    await client.insert({ table: 'nasty', values: rest, format: 'JSONCompactEachRow', columns: ['id', 's'] })
    expect(await select('SELECT id::UInt32 AS id, s FROM nasty ORDER BY id')).toEqual(values)
  })

  it('reads a statement and its data from one body', async () => {
    await table('inline')
    await raw('INSERT INTO inline FORMAT JSONEachRow\n{"id":1,"s":"; select"}\n')
    await raw("INSERT INTO inline (id, s) VALUES (2, 'it''s; x')")
    await raw("INSERT INTO inline SELECT 3, 'FORMAT'")
    expect(await (await raw('SELECT * FROM inline ORDER BY id -- end;')).text()).toBe(
      "1\t; select\n2\tit\\'s; x\n3\tFORMAT\n",
    )
  })

  it('binds parameters, short and long', async () => {
    const long = Array.from({ length: 2000 }, (_, i) => `v${i}`)
    expect(await select('SELECT {s:String} AS s', { s: "a'b\t\\" })).toEqual([{ s: "a'b\t\\" }])
    const query = 'SELECT length({l:Array(String)}) AS n'
    const result = await client.query({ query, query_params: { l: long }, use_multipart_params: true })
    expect((await result.json()).data).toEqual([{ n: 2000 }])
  })

  it('applies settings and databases to their own statement only', async () => {
    await client.command({ query: 'CREATE DATABASE other' })
    const there = createClient({
      url: front.url,
      ...front.login(),
      database: 'other',
      clickhouse_settings: { max_threads: 1 },
    })
    const query = "SELECT currentDatabase() AS d, getSetting('max_threads') AS t"
    expect((await (await there.query({ query })).json()).data).toEqual([{ d: 'other', t: 1 }])
    await there.command({ query: 'SET max_block_size = 7' })
    await there.close()
    const [here] = await select("SELECT currentDatabase() AS d, getSetting('max_block_size') = 7 AS leaked")
    expect(here).toEqual({ d: 'default', leaked: 0 })
  })

  it('compresses both ways', async () => {
    await table('packed')
    const packed = createClient({ url: front.url, ...front.login(), compression: { request: true, response: true } })
    await packed.insert({ table: 'packed', values: people(1000), format: 'JSONEachRow' })
    const result = await packed.query({ query: 'SELECT * FROM packed', format: 'JSONEachRow' })
    expect(result.response_headers['content-encoding']).toBe('gzip')
    expect(await result.json()).toHaveLength(1000)
    await packed.close()
  })

  it('returns Parquet unchanged', async () => {
    const query = 'SELECT number::UInt32 AS n, toString(number) AS s FROM numbers(50000)'
    const { stream } = await client.exec({
      query: `${query} FORMAT Parquet SETTINGS output_format_parquet_compression_method = 'snappy'`,
    })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    const bytes = new Uint8Array(Buffer.concat(chunks))
    const rows = await parquetReadObjects({
      file: { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end).buffer },
      rowStart: 49_999,
      rowEnd: 50_000,
    })
    expect(rows[0]).toMatchObject({ n: 49_999 })
  })

  it('says how many rows it wrote', async () => {
    await table('counted')
    const { summary, query_id } = await client.insert({
      table: 'counted',
      values: people(3),
      format: 'JSONEachRow',
      query_id: 'my-id',
    })
    expect(summary?.written_rows).toBe('3')
    expect(query_id).toBe('my-id')
  })
})

describe('errors', () => {
  it('carry ClickHouse’s code and name', async () => {
    expect(await failure(select('SELEC 1'))).toMatchObject({ code: '62', type: 'SYNTAX_ERROR' })
    expect(await failure(select('SELECT * FROM nosuch'))).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
    const settings = { nosuch: '1' } as Record<string, string>
    const unknown = await failure(client.query({ query: 'SELECT 1', clickhouse_settings: settings }))
    expect(unknown).toMatchObject({ code: '115', type: 'UNKNOWN_SETTING' })
    const response = await raw('SELECT throwIf(1)')
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([500, '395'])
  })

  it('reject what could affect more than one statement', async () => {
    expect((await raw('SELECT 1; DROP TABLE nasty')).status).toBe(400)
    expect((await raw('SELECT 1', '?max_threads%3D1,x=2')).status).toBe(400)
    expect((await raw("SELECT 1 INTO OUTFILE '/tmp/x'")).status).toBe(500)
    expect((await get('?query=DROP+TABLE+nasty')).status).toBe(403)
    const site = await fetch(front.url, {
      method: 'POST',
      body: 'SELECT 1',
      headers: { ...authorization(front), 'sec-fetch-site': 'cross-site' },
    })
    expect(site.status).toBe(403)
  })

  it('never quote the data of an INSERT', async () => {
    await table('secrets')
    for (const [format, row] of [
      ['JSONEachRow', '{"id":"SECRET","s":"SECRET"}'],
      ['JSONEachRow', '{"id":1,"s":SECRET}'],
      ['JSONCompactEachRow', '["SECRET"]'],
      ['Values', '(SECRET, SECRET)'],
      ['Values', "('SECRET', )"],
      ['CSV', 'SECRET,SECRET'],
    ] as const) {
      const response = await raw(row, `?query=INSERT+INTO+secrets+FORMAT+${format}`)
      const text = await response.text()
      expect([response.ok, text]).toEqual([false, expect.not.stringContaining('SECRET')])
    }
    const where = await failure(client.insert({ table: 'secrets', values: [{ id: 'x' }], format: 'JSONEachRow' }))
    expect(where.message).toContain('(row 1, column id)')
  })

  it('an incomplete body is not inserted, and leaves no file', async () => {
    await table('cut')
    await new Promise<void>((resolve) => {
      const headers = authorization(front)
      const sent = request(`${front.url}/?query=INSERT+INTO+cut+FORMAT+JSONEachRow`, { method: 'POST', headers })
      sent.once('error', () => resolve())
      sent.write('{"id":1,"s":"a"}\n', () => setTimeout(() => sent.destroy(new Error('cut')), 50))
    })
    const half = gzipSync('{"id":1,"s":"a"}\n'.repeat(1000)).subarray(0, 60)
    const response = await fetch(`${front.url}/?query=INSERT+INTO+cut+FORMAT+JSONEachRow`, {
      method: 'POST',
      body: new Uint8Array(half),
      headers: { ...authorization(front), 'content-encoding': 'gzip' },
    })
    expect(response.status).toBe(400)
    expect(await select('SELECT count()::UInt32 AS n FROM cut')).toEqual([{ n: 0 }])
    expect(readdirSync(join(folder.path, 'spool'))).toEqual([])
  })
})

describe('exactly once', () => {
  const insert = (name: string, count: number, token: string): Promise<unknown> =>
    client.insert({
      table: name,
      values: people(count),
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: token },
    })

  it('drops a repeated token, before and after kill -9, and keeps what it acknowledged', async () => {
    await table('once')
    await insert('once', 10, 'a')
    await insert('once', 11, 'a')
    await insert('once', 100_000, 'b')
    await front.kill()
    writeFileSync(join(folder.path, 'spool', 'leftover.data'), 'x')
    front = await startFront(folder.path)
    await client.close()
    connect()
    expect(readdirSync(join(folder.path, 'spool'))).toEqual([])
    await insert('once', 100_000, 'b')
    await insert('once', 10, 'a')
    expect(await select('SELECT count()::UInt32 AS n FROM once')).toEqual([{ n: 100_010 }])
  })

  it('writes 1,200,000 rows as one block', async () => {
    await client.command({ query: 'CREATE TABLE block (id UInt32) ENGINE = MergeTree ORDER BY id' })
    let body = ''
    for (let i = 0; i < 1_200_000; i += 1) body += `[${i}]\n`
    const response = await raw(body, '?query=INSERT+INTO+block+FORMAT+JSONCompactEachRow')
    expect(response.status).toBe(200)
    const query = "SELECT rows::UInt32 AS n, level FROM system.parts WHERE table = 'block' AND active"
    expect(await select(query)).toEqual([{ n: 1_200_000, level: 0 }])
  })
})

describe('at the same time', () => {
  it('a slow statement does not delay others', async () => {
    const started = performance.now()
    const slow = select('SELECT sleep(2)')
    const scalar = select('SELECT (SELECT sleep(2))')
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (let i = 0; i < 10; i += 1) await select('SELECT 1')
    expect(performance.now() - started).toBeLessThan(1900)
    await Promise.all([slow, scalar])
  })

  it('more statements than sessions wait their turn', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => select(`SELECT ${i} AS i`)))
    expect(results).toHaveLength(40)
  })
})

describe('start and stop', () => {
  it('rejects a statement when the queue is full, finishes the running ones and requires a password', async () => {
    const own = temporaryFolder()
    const env = { CHAINON_CLICKHOUSE_SESSIONS: '1', CHAINON_CLICKHOUSE_QUEUE: '1' }
    const small = await startFront(own.path, env)
    const { username, password } = small.login()
    const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password }
    const post = (body: string): Promise<Response> => fetch(small.url, { method: 'POST', body, headers })
    expect((await fetch(small.url, { method: 'POST', body: 'SELECT 1' })).status).toBe(401)
    const wrong = createClient({ log, url: small.url, username, password: 'no' })
    expect(await failure(wrong.query({ query: 'SELECT 1' }))).toMatchObject({ type: 'AUTHENTICATION_FAILED' })
    await wrong.close()
    const right = createClient({ url: small.url, username, password })
    expect(await (await right.query({ query: 'SELECT 1', format: 'CSV' })).text()).toBe('1\n')
    await right.close()
    const all = [post('SELECT sleep(0.7)'), post('SELECT 1'), post('SELECT 1')]
    expect((await Promise.all(all)).map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 200, 503])
    const last = post('SELECT sleep(0.7)')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const stopped = small.stop()
    expect((await last).status).toBe(200)
    expect(await stopped).toBe(0)
    own.remove()
  })

  it('says what to do about a used port, a locked folder, a read-only one and a wrong setting', async () => {
    const own = temporaryFolder()
    const cases: [string, Record<string, string>, string][] = [
      [own.path, { CHAINON_CLICKHOUSE_PORT: String(front.port) }, 'set CHAINON_CLICKHOUSE_PORT'],
      [folder.path, {}, 'another process uses it'],
      [join(folder.path, 'engine.xml', 'no-folder'), {}, 'set CHAINON_CLICKHOUSE_DATA_DIR'],
      [own.path, { CHAINON_CLICKHOUSE_SESSIONS: 'many' }, 'CHAINON_CLICKHOUSE_SESSIONS must be'],
    ]
    for (const [dataDir, env, text] of cases) {
      expect(await tryFront(dataDir, env)).toMatchObject({ code: 78, stderr: expect.stringContaining(text) })
    }
    own.remove()
  })

  it('only its user may read its files', () => {
    for (const name of ['', 'spool', 'engine', 'engine.xml']) {
      expect(statSync(join(folder.path, name)).mode & 0o077).toBe(0)
    }
  })
})
