/** What a program on this machine could do through the local ClickHouse, as an attacker's scripts: each must be refused. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OPEN_TABLE_FUNCTIONS } from '../../deploy/local/clickhouse/wall.ts'
import { type Front, startFront, temporaryFolder } from '../helpers/clickhouse-front.ts'

const folder = temporaryFolder()
const SECRET = 'the-secret-of-another-service'
const secretFile = join(folder.path, 'secret.key')
const outside = join(folder.path, 'outside')
let front: Front
let elsewhere: Server
let url: string
let reached = 0

beforeAll(async () => {
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 })
  mkdirSync(outside)
  elsewhere = createServer((_request, response) => {
    reached++
    response.end('answer\n')
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(elsewhere.address() as { port: number }).port}/`
  front = await startFront(join(folder.path, 'data'))
  for (const statement of [
    'CREATE DATABASE chainon',
    'CREATE TABLE chainon.feed_death (a Int32, _origin_offset UInt64) ENGINE = MergeTree ORDER BY a',
    'CREATE TABLE chainon.person_link (a Int32) ENGINE = MergeTree ORDER BY a',
    'CREATE TABLE chainon.lines (line String) ENGINE = MergeTree ORDER BY line',
    'INSERT INTO chainon.feed_death SELECT 1, 2',
    'CREATE VIEW chainon.death DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT a FROM chainon.feed_death',
  ])
    expect((await ask(statement)).status, statement).toBe(200)
})

afterAll(async () => {
  await front.stop()
  elsewhere.close()
  folder.remove()
})

async function ask(statement: string, user = 'admin', search = ''): Promise<{ status: number; text: string }> {
  const { username, password } = front.login(user)
  const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password }
  const response = await fetch(`${front.url}/${search}`, { method: 'POST', body: statement, headers })
  return { status: response.status, text: await response.text() }
}

/** Status of a request with any headers; `fetch` does not send a host of its own. */
const statusOf = (headers: Readonly<Record<string, string>>, body = 'SELECT 1'): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request(front.url, { method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.once('error', reject)
    sent.end(body)
  })

test('a request without a name, or with an empty one, does not reach it', async () => {
  const { username, password } = front.login()
  const { hostname, port } = new URL(front.url)
  for (const [version, host] of [
    ['1.1', 'Host: \r\n'],
    ['1.0', ''],
  ]) {
    const socket = connect(Number(port), hostname)
    socket.write(
      `GET /?query=SELECT%201 HTTP/${version}\r\n${host}X-ClickHouse-User: ${username}\r\nX-ClickHouse-Key: ${password}\r\nConnection: close\r\n\r\n`,
    )
    expect(String(await text(socket)), version).toMatch(/^HTTP\/1\.1 421 /)
  }
})

describe('without a password', () => {
  test.each([
    'SELECT 1',
    `SELECT * FROM file('${secretFile}', 'LineAsString')`,
    `INSERT INTO FUNCTION file('${outside}/written', 'TSV', 's String') SELECT 'planted'`,
  ])('nothing answers: %s', async (statement) => {
    const response = await fetch(front.url, { method: 'POST', body: statement })
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([401, '516'])
    expect(await response.text()).not.toContain(SECRET)
    expect(readdirSync(outside)).toEqual([])
  })

  test.each([
    { 'x-clickhouse-user': 'default' },
    { 'x-clickhouse-user': 'admin', 'x-clickhouse-key': '' },
    { 'x-clickhouse-user': '__proto__', 'x-clickhouse-key': 'x' },
    { authorization: 'Basic YWRtaW46' },
    { authorization: 'Basic !' },
    { authorization: 'Bearer admin' },
  ])('nor to a wrong one: %j', async (headers) => {
    expect(await statusOf(headers as Record<string, string>)).toBe(401)
  })
})

test.each([
  'evil.example',
  'evil.example:8123',
  '127.0.0.1.evil.example',
  'localhost.evil.example:80',
  '10.0.0.1',
  '127.0.0.1@evil.example',
])('a page under the name %j does not reach it, whatever it knows', async (host) => {
  const { username, password } = front.login()
  expect(await statusOf({ host, 'x-clickhouse-user': username, 'x-clickhouse-key': password })).toBe(421)
})

/** Statements that reach a file, an address, a server or a program; in the ways that hide a name from who searches the text. */
const READS = (file: string): readonly string[] => [
  `SELECT * FROM file('${file}', 'LineAsString')`,
  `SELECT * FROM FILE('${file}', 'LineAsString')`,
  `SELECT file('${file}')`,
  `SELECT \`file\`('${file}')`,
  `SELECT "fi\\x6ce"('${file}')`,
  `SELECT/**/file/* ( */('${file}')`,
  `SELECT -- '\nfile('${file}')`,
  `SELECT $x$ ' $x$, file('${file}')`,
  `SELECT arrayMap(file, ['${file}'])`,
  `WITH file('${file}') AS f SELECT f`,
  `SELECT (SELECT file('${file}')) SETTINGS max_threads = 1`,
  `EXPLAIN SELECT file('${file}')`,
  `DESCRIBE TABLE file('${file}', 'LineAsString')`,
  `SELECT * FROM viewExplain('EXPLAIN', '', (SELECT file('${file}')))`,
  `SELECT * FROM view(SELECT file('${file}'))`,
  `SELECT * FROM format(JSONEachRow, 'a String, b String DEFAULT file(\\'${file}\\')', '{"a":"1"}')`,
  `SELECT * FROM \`format\`(JSONEachRow, 'a String, b String DEFAULT file(\\'${file}\\')', '{"a":"1"}')`,
  `SELECT 1 SETTINGS additional_result_filter = 'throwIf(file(\\'${file}\\') != \\'\\')'`,
  `SELECT 1 FORMAT Template SETTINGS format_template_resultset = '${file}'`,
  `SELECT 1 FORMAT Template SETTINGS format_template_row = '${file}'`,
  `CREATE VIEW chainon.v1 AS SELECT file('${file}')`,
  `CREATE TABLE chainon.t1 (a String DEFAULT file('${file}')) ENGINE = MergeTree ORDER BY a`,
  `CREATE TABLE chainon.t2 ENGINE = MergeTree ORDER BY f AS SELECT file('${file}') AS f`,
  `CREATE TABLE chainon.t3 (a String) ENGINE = File('TSV', '${file}')`,
  `ALTER TABLE chainon.lines ADD COLUMN x String DEFAULT file('${file}')`,
  `CREATE FUNCTION reads AS () -> file('${file}')`,
  `CREATE DICTIONARY chainon.d (a UInt64) PRIMARY KEY a SOURCE(FILE(path '${file}' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)`,
  `INSERT INTO chainon.lines FROM INFILE '${file}' FORMAT LineAsString`,
  `INSERT INTO chainon.lines (line) SELECT file('${file}')`,
  `INSERT INTO chainon.lines /* SELECT */ FROM/**/INFILE '${file}' FORMAT LineAsString`,
  `SELECT * FROM executable('cat', 'LineAsString', 'line String', (SELECT 1))`,
  `SELECT * FROM chainon.lines WHERE line IN file('${file}')`,
  `SELECT 1; SELECT file('${file}')`,
  `INSERT INTO chainon.lines VALUES (file('${file}'))`,
  `INSERT INTO chainon.lines VALUES ('a'), (concat(file('${file}'), ''))`,
  `INSERT INTO chainon.lines FORMAT Values (file(assumeNotNull('${file}')))`,
  `INSERT INTO chainon.lines VALUES (concat('', (SELECT file('${file}'))))`,
]
const WRITES = (into: string): readonly string[] => [
  `INSERT INTO FUNCTION file('${into}/a', 'TSV', 's String') SELECT 'planted'`,
  `INSERT INTO TABLE FUNCTION file('${into}/a', 'TSV', 's String') VALUES ('planted')`,
  `SELECT 'planted' INTO OUTFILE '${into}/a'`,
  `SELECT 'planted' INTO /**/ OUTFILE '${into}/a' FORMAT TSV`,
  `SELECT 'planted' into outfile '${into}/a' TRUNCATE`,
  `CREATE TABLE chainon.w1 (a String) ENGINE = EmbeddedRocksDB(0, '${into}/rocks') PRIMARY KEY a`,
  `CREATE TABLE chainon.w2 (a String) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '${into}/')`,
  `CREATE TABLE chainon.w3 (a String) ENGINE = Executable('x', 'TSV', (SELECT 1))`,
  `ATTACH TABLE chainon.w4 FROM '${into}' (a String) ENGINE = MergeTree ORDER BY a`,
  `CREATE DATABASE w5 ENGINE = Filesystem('${into}')`,
  `CREATE DATABASE w6 ENGINE = SQLite('${into}/a.db')`,
  `BACKUP TABLE chainon.lines TO File('${into}/a')`,
  `SELECT 1 FORMAT Protobuf SETTINGS output_format_schema = '${into}/a'`,
]
const REACHES = (address: string): readonly string[] => [
  `SELECT * FROM url('${address}', 'LineAsString')`,
  `SELECT * FROM urlCluster('x', '${address}', 'LineAsString')`,
  `SELECT * FROM s3('${address}a', 'LineAsString')`,
  `SELECT * FROM remote('${new URL(address).host}', 'a', 'b')`,
  `SELECT * FROM mysql('${new URL(address).host}', 'a', 'b', 'c', 'd')`,
  `SELECT * FROM postgresql('${new URL(address).host}', 'a', 'b', 'c', 'd')`,
  `SELECT * FROM redis('${new URL(address).host}', 'a', 'a String')`,
  `CREATE TABLE chainon.r1 (a String) ENGINE = URL('${address}', 'TSV')`,
  `CREATE TABLE chainon.r2 (a Int32) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = web, endpoint = '${address}')`,
  `CREATE DATABASE r3 ENGINE = DataLakeCatalog('${address}')`,
  `CREATE DATABASE r4 ENGINE = MySQL('${new URL(address).host}', 'a', 'b', 'c')`,
]
const USERS = ['admin', 'provision', 'extract', 'reader']

describe.each(USERS)('with the password of %s', (user) => {
  test('no statement reads a file', async () => {
    for (const statement of READS(secretFile)) {
      const { status, text } = await ask(statement, user)
      expect([statement, status]).not.toContain(200)
      expect(text).not.toContain(SECRET)
    }
    expect((await ask(`SELECT count() FROM chainon.lines WHERE line LIKE '%${SECRET}%'`)).text).toBe('0\n')
  })

  test('no statement writes a file outside of the data folder', async () => {
    for (const statement of WRITES(outside)) expect([statement, (await ask(statement, user)).status]).not.toContain(200)
    expect(existsSync(outside) && readdirSync(outside)).toEqual([])
  })

  test('no statement reaches another server', async () => {
    for (const statement of REACHES(url)) expect([statement, (await ask(statement, user)).status]).not.toContain(200)
    expect(reached).toBe(0)
  })

  test('no parameter of the address does', async () => {
    const statement = `SELECT arrayMap({f:Identifier}, ['${secretFile}'])`
    const { status, text } = await ask(statement, user, '?param_f=file')
    expect([status, text]).toEqual([403, expect.not.stringContaining(SECRET)])
    const quoted = `?param_f=${encodeURIComponent("x'; SET ROLE admin; --")}`
    expect((await ask('SELECT currentRoles(), {f:String}', user, quoted)).text).toBe(
      `['${user}']\tx\\'; SET ROLE admin; --\n`,
    )
  })

  test('no setting of the address does', async () => {
    const settings = [
      `additional_result_filter=${encodeURIComponent(`throwIf(file('${secretFile}') != '')`)}`,
      `format_template_resultset=${encodeURIComponent(secretFile)}&default_format=Template`,
      'dialect=kusto',
      // It is 1 in this engine; its functions need a right that no role has.
      'allow_introspection_functions=0',
      'profile=other',
    ]
    const answered: string[] = []
    for (const setting of settings)
      if ((await ask('SELECT 1', user, `?${setting}`)).status === 200) answered.push(setting)
    expect(answered).toEqual([])
    for (const call of ["demangle('_Z1fv')", 'addressToSymbol(1)'])
      expect((await ask(`SELECT ${call}`, user)).status).toBe(403)
  })
})

test('every function after FROM that this engine has is refused, or only counts', async () => {
  const names = (await ask('SELECT name FROM system.table_functions FORMAT TSV')).text.trim().split('\n')
  expect(names.length).toBeGreaterThan(50)
  for (const name of names.filter((one) => !OPEN_TABLE_FUNCTIONS.has(one)))
    expect([name, (await ask(`SELECT * FROM ${name}('${secretFile}')`)).text]).toEqual([
      name,
      expect.stringMatching(/\((ACCESS_DENIED|SYNTAX_ERROR)\)/),
    ])
})

describe('the roles', () => {
  const denied = expect.stringMatching(/\((ACCESS_DENIED|READONLY)\)/)
  test.each([
    ['reader', 'INSERT INTO chainon.lines VALUES (1)'],
    ['reader', 'SELECT * FROM chainon.feed_death'],
    ['reader', 'SELECT * FROM chainon.person_link'],
    ['reader', 'CREATE TABLE chainon.mine (a Int32) ENGINE = MergeTree ORDER BY a'],
    ['reader', 'SELECT * FROM system.processes'],
    ['reader', 'SELECT * FROM system.`errors`'],
    ['reader', 'KILL QUERY WHERE 1 SYNC'],
    ['console', 'INSERT INTO chainon.feed_death (a) VALUES (1)'],
    ['console', 'INSERT INTO chainon.person_link VALUES (1)'],
    ['console', 'DROP TABLE chainon.feed_death'],
    ['extract', 'INSERT INTO chainon.feed_death (a) VALUES (1)'],
    ['extract', 'SELECT * FROM chainon.feed_death'],
    ['extract', 'CREATE DATABASE another'],
    ['extract', 'DROP DATABASE chainon'],
    ['curate', 'DROP TABLE chainon.feed_death'],
    ['curate', 'ALTER TABLE chainon.person_link DELETE WHERE 1'],
    ['curate', 'CREATE VIEW chainon.mine AS SELECT 1'],
    ['provision', 'DROP TABLE chainon.feed_death'],
    ['provision', 'INSERT INTO chainon.feed_death (a) VALUES (1)'],
    ['operator', 'INSERT INTO chainon.feed_death (a) VALUES (1)'],
    ['admin', 'SYSTEM SHUTDOWN'],
    ['admin', 'CREATE USER other'],
  ])('%s may not: %s', async (user, statement) => {
    expect((await ask(statement, user)).text).toEqual(denied)
  })

  test('another role lasts no longer than its statement', async () => {
    await ask('SET ROLE admin', 'reader')
    expect((await ask('SELECT * FROM chainon.feed_death', 'reader')).text).toEqual(denied)
    expect((await ask('SELECT * FROM chainon.feed_death', 'reader', '?role=admin')).text).toEqual(denied)
    expect((await ask('SET ROLE admin; SELECT * FROM chainon.feed_death', 'reader')).status).toBe(400)
    expect((await ask('SELECT 1', 'reader', '?readonly=0')).text).toBe('1\n')
    expect((await ask('SELECT * FROM processes', 'reader', '?database=system')).text).toEqual(denied)
  })

  test('a reader reads the views, and not where a row came from', async () => {
    expect((await ask('SELECT * FROM chainon.death', 'reader')).text).toBe('1\n')
    const { text } = await ask('SELECT _origin_offset FROM chainon.death', 'reader')
    expect(text).toContain('UNKNOWN_IDENTIFIER')
  })

  test('each user logs in as it does with @clickhouse/client', async () => {
    for (const user of ['admin', 'provision', 'curate', 'console', 'operator', 'extract', 'reader']) {
      const client = createClient({ url: front.url, ...front.login(user) })
      const result = await client.query({ query: 'SELECT currentRoles() AS roles', format: 'JSONEachRow' })
      expect(await result.json()).toEqual([{ roles: [user] }])
      await client.close()
    }
  })
})
