/** Who logged in to the local ClickHouse and what kind of statement ran is in the access journal, which ClickHouse's process cannot write. */
import { expect, it } from 'vitest'
import { readEntry } from '#core/journal/entry.ts'
import { chainFolders, journalFolder } from '#core/journal/folders.ts'
import { openSpool } from '#core/journal/spool.ts'
import { isolated, login, servers } from '../helpers/servers.ts'

const WAIT = { timeout: 5_000, interval: 50 }
const entries = (action: string) =>
  chainFolders(journalFolder(servers().CHAINON_DATA_DIR ?? ''))
    .flatMap((folder) => openSpool(folder).unsent())
    .map((line) => readEntry(line))
    .filter((entry) => entry?.action === action)

function ask(user: string, password: string, query: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return fetch(servers().CLICKHOUSE_URL ?? '', { method: 'POST', body: query, headers: { authorization } })
}

// Other tests use the same ClickHouse: not as this user, and what they do may stand here, too.
const USER = 'auditor'

it('a login that fails, with the user when there is one', async () => {
  for (const user of ['rotate', 'Jeanne']) expect((await ask(user, 'a wrong one', 'SELECT 1')).status).toBe(401)
  await expect.poll(() => entries('login-failed').map((one) => one?.object), WAIT).toContain('clickhouse')
  expect(entries('login-failed')).toContainEqual(
    expect.objectContaining({
      actor: 'unknown',
      object: 'clickhouse:rotate',
      outcome: 'refused',
      facts: { reason: 'wrong-password', failures: 1 },
    }),
  )
  expect(JSON.stringify(entries('login-failed'))).not.toMatch(/jeanne/i)
})

it('statements of a person: kind, tables that exist, and a fingerprint that values do not change', async () => {
  const database = await freshTable()
  const { CLICKHOUSE_PASSWORD: password = '' } = login(USER)
  const query = (name: string) => `SELECT * FROM ${database}.seen WHERE name = '${name}' -- of ${name}`
  for (const name of ['Martin', 'Durand']) expect((await ask(USER, password, query(name))).status).toBe(403)
  await ask(USER, password, 'WITH jeanne AS (SELECT 1) SELECT * FROM jeanne')
  await ask(USER, password, "SELECT * FROM file('/etc/passwd')")
  const own = () => entries('query').filter((one) => one?.actor === `clickhouse:${USER}`)
  await expect.poll(() => own().length, WAIT).toBeGreaterThan(2)
  expect(own().filter((one) => JSON.stringify(one).includes('"seen"'))).toMatchObject([
    {
      object: 'clickhouse:select',
      outcome: 'refused',
      facts: { requests: 1, fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), tables: ['seen'] },
    },
  ])
  expect(JSON.stringify(entries('query'))).not.toMatch(/martin|durand|jeanne|passwd/i)
})

it('a statement that is made long is told as any other', async () => {
  const database = await freshTable('padded')
  const { CLICKHOUSE_PASSWORD: password = '' } = login(USER)
  const query = `SELECT ${' '.repeat(5_000)} * FROM ${database}.padded`
  expect((await ask(USER, password, query)).status).toBe(403)
  const own = () => entries('query').filter((one) => one?.actor === `clickhouse:${USER}`)
  await expect.poll(() => own().flatMap((one) => one?.facts?.tables ?? []), WAIT).toContain('padded')
})

it('a statement of a person is read whole, whatever its fingerprint begins with', async () => {
  const statement = (name: string) => `SELECT count() FROM numbers(3) AS ${name}`
  // As the engine runs it. Digits in a name, and strings, are not part of the fingerprint.
  const line = `formatQuerySingleLine('${statement('')}' || name || ' INTO OUTFILE \\'a file\\' FORMAT TabSeparated')`
  const small = `SELECT translate(toString(number), '0123456789', 'abcdefghij') AS name FROM numbers(20000)
    WHERE normalizedQueryHash(${line}) < pow(2, 56) LIMIT 3`
  const names = (await (await ask('admin', servers().CLICKHOUSE_PASSWORD ?? '', small)).text()).trim().split('\n')
  expect(names).toHaveLength(3)
  const { CLICKHOUSE_PASSWORD: password = '' } = login('operator')
  for (const name of names) {
    const answer = await ask('operator', password, statement(name))
    expect([answer.status, await answer.text()]).toEqual([200, '3\n'])
  }
})

it('statements of a program: kinds alone', async () => {
  await ask('curate', login('curate').CLICKHOUSE_PASSWORD ?? '', 'SELECT 1')
  const own = () => entries('query').filter((one) => one?.actor === 'clickhouse:curate')
  await expect.poll(() => own().map((one) => one?.object), WAIT).toContain('clickhouse:select')
  for (const one of own()) expect(Object.keys(one?.facts ?? {})).toEqual(['hour', 'requests'])
})

/** A table on which `operator` has no right. @returns its database */
async function freshTable(table = 'seen'): Promise<string> {
  const { CLICKHOUSE_PASSWORD: password = '' } = servers()
  const { database } = isolated()
  for (const sql of [`CREATE DATABASE ${database}`, `CREATE TABLE ${database}.${table} (name String) ENGINE = Memory`])
    expect((await ask('admin', password, sql)).status).toBe(200)
  return database
}
