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

it('a login that fails, with the user when there is one', async () => {
  for (const user of ['reader', 'Jeanne']) expect((await ask(user, 'a wrong one', 'SELECT 1')).status).toBe(401)
  await expect
    .poll(() => entries('login-failed'), WAIT)
    .toMatchObject([
      { actor: 'unknown', object: 'clickhouse:reader', facts: { reason: 'wrong-password', failures: 1 } },
      { actor: 'unknown', object: 'clickhouse', facts: { reason: 'unknown-user', failures: 1 } },
    ])
})

it('statements of a person: kind, tables that exist, and a fingerprint that values do not change', async () => {
  const database = await freshTable()
  const { CLICKHOUSE_PASSWORD: password = '' } = login('operator')
  const query = (name: string) => `SELECT * FROM ${database}.seen WHERE name = '${name}' -- of ${name}`
  for (const name of ['Martin', 'Durand']) await ask('operator', password, query(name))
  await ask('operator', password, 'WITH jeanne AS (SELECT 1) SELECT * FROM jeanne')
  await ask('operator', password, "SELECT * FROM file('/etc/passwd')")
  const of = (outcome: string) =>
    entries('query').filter((one) => one?.actor === 'clickhouse:operator' && one.outcome === outcome)
  await expect.poll(() => of('refused').length, WAIT).toBeGreaterThan(1)
  expect(of('done')).toMatchObject([{ object: 'clickhouse:select', facts: { requests: 1, tables: [] } }])
  const tables = of('refused').map((one) => one?.facts)
  expect(tables).toContainEqual({
    hour: expect.any(String),
    requests: 1,
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    tables: ['seen'],
  })
  expect(JSON.stringify(entries('query'))).not.toMatch(/martin|durand|jeanne|passwd/i)
})

it('statements of a program: kinds alone', async () => {
  await ask('curate', login('curate').CLICKHOUSE_PASSWORD ?? '', 'SELECT 1')
  await expect
    .poll(() => entries('query').filter((one) => one?.actor === 'clickhouse:curate'), WAIT)
    .toMatchObject([{ object: 'clickhouse:select', outcome: 'done', facts: { hour: expect.any(String), requests: 1 } }])
})

/** A table on which `operator` has no right. @returns its database */
async function freshTable(): Promise<string> {
  const { CLICKHOUSE_PASSWORD: password = '' } = servers()
  const { database } = isolated()
  for (const sql of [`CREATE DATABASE ${database}`, `CREATE TABLE ${database}.seen (name String) ENGINE = Memory`])
    expect((await ask('admin', password, sql)).status).toBe(200)
  return database
}
