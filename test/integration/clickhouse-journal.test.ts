/** Who logged in to the local ClickHouse and what kind of statement ran is in the access journal, which ClickHouse's process cannot write. */
import { expect, it } from 'vitest'
import { readEntry } from '#core/journal/entry.ts'
import { chainFolders, journalFolder } from '#core/journal/folders.ts'
import { openSpool } from '#core/journal/spool.ts'
import { login, servers } from '../helpers/servers.ts'

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

it.fails('a login that fails', async () => {
  expect((await ask('reader', 'a wrong one', 'SELECT 1')).status).toBe(401)
  await expect.poll(() => entries('login-failed').length, WAIT).toBe(1)
})

it.fails('statements, by user and hour', async () => {
  expect((await ask('reader', login('reader').CLICKHOUSE_PASSWORD ?? '', 'SELECT 1')).status).toBe(200)
  await expect.poll(() => entries('query').length, WAIT).toBeGreaterThan(0)
})
