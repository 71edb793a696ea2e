/** What each user may do in a warehouse that `provision` has made: the grants, and the statements of those who have them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { grantsOf } from '../../deploy/local/clickhouse/roles.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { clientLogin, isolated, login } from '../helpers/servers.ts'

const ROOT = join(import.meta.dirname, '../..')
const own = isolated()
const contracts = loadContracts(join(ROOT, 'schemas/feeds'))
const feeds = contracts.map(({ feed }) => feed)
/** A feed with records that are not facts has a second view, of all records. */
const views = contracts.flatMap(({ facts, feed }) => (facts.length > 0 ? [feed, `${feed}_all`] : [feed]))
const clients = new Map<string, ClickHouseClient>()
let objects: readonly string[]

function as(user: string): ClickHouseClient {
  const known = clients.get(user)
  if (known) return known
  const credentials = clientLogin(user === 'admin' ? own.env : login(user))
  const client = createClient({
    url: own.env.CLICKHOUSE_URL ?? '',
    ...credentials,
    database: own.database,
    log: { level: 127 },
  })
  clients.set(user, client)
  return client
}

const names = async (user: string, query: string): Promise<readonly string[]> =>
  (await (await as(user).query({ query, format: 'JSONEachRow' })).json<{ name: string }>()).map(({ name }) => name)

/** Of views that have a parameter. */
const PARAMETERS: Readonly<Record<string, string>> = { person_link_scored_at: `(day = '2026-01-01')` }

/** Tables and views of the warehouse that a user can read. */
async function readable(user: string): Promise<readonly string[]> {
  const read: string[] = []
  for (const name of objects) {
    const allowed = await as(user)
      .query({ query: `SELECT * FROM ${name}${PARAMETERS[name] ?? ''} LIMIT 0`, format: 'JSONEachRow' })
      .then((result) => result.json())
      .then(() => true)
      .catch((error: { type?: string }) => {
        if (error.type !== 'ACCESS_DENIED') throw error
        return false
      })
    if (allowed) read.push(name)
  }
  return read
}

beforeAll(async () => {
  const { status, stderr } = await runToEnd('services/provision/main.ts', [], own.env)
  expect([status, stderr.slice(-2000)]).toEqual([0, expect.any(String)])
  objects = (
    await names('admin', 'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name')
  ).filter((name) => !name.startsWith('witness_'))
})

afterAll(async () => {
  for (const client of clients.values()) await client.close()
  own.remove()
})

test('the warehouse has its tables and views', () => {
  expect(objects).toEqual(expect.arrayContaining([...feeds, ...feeds.map((feed) => `feed_${feed}`), 'ledger_batch']))
})

test('a reader sees the views of the feeds, the persons and the quality of rules', async () => {
  expect(await readable('reader')).toEqual(
    [...views, 'person_current', 'person_link_current', 'rule_quality'].toSorted(),
  )
})

test('an extraction sees these, how far the warehouse is, and the fingerprints of its keys', async () => {
  expect(await readable('extract')).toEqual(
    [
      ...[...views, 'key_fingerprint', 'ledger_batch', 'person_change', 'person_link_current'],
      ...['person_link_scored_current', 'rule_quality'],
    ].toSorted(),
  )
})

test('no view for readers has the place of a record in the log, or the time of its receipt', async () => {
  const columns = await names(
    'admin',
    `SELECT concat(table, '.', c.name) AS name FROM system.columns AS c WHERE database = currentDatabase() AND (startsWith(c.name, '_') OR endsWith(c.name, '_at'))
     AND table IN ('person_link_current', ${views.map((feed) => `'${feed}'`).join(', ')})`,
  )
  const own = (of: (view: string) => boolean) => {
    const found = columns
      .map((column) => column.split('.'))
      .filter(([view = '', name = '']) => of(view) && name.startsWith('_'))
    return [...new Set(found.map(([, name = '']) => name))].toSorted((a, b) => (a < b ? -1 : 1))
  }
  expect(own((view) => view !== 'imaging')).toEqual(['_flags', '_producer'])
  // Where the de-identified file is, and what it is.
  const files = ['_object', '_object_bytes', '_object_sha256', '_object_state']
  expect(own((view) => view === 'imaging')).toEqual(['_flags', ...files, '_producer'])
  expect(columns).not.toContain('person_link_current.linked_at')
})

describe('the console', () => {
  test('reads the ledger and the failures, and no link', async () => {
    const read = await readable('console')
    expect(read).toEqual(expect.arrayContaining(['ledger_batch', 'quarantine', 'rule_outcome', 'finding']))
    expect(read.filter((name) => /link|identity|migration/.test(name))).toEqual([])
  })

  test.each([...feeds.map((feed) => `feed_${feed}`), 'ledger_batch', 'quarantine', 'rule_outcome', 'person_link'])(
    'does not write %s',
    async (table) => {
      const written = as('console').command({ query: `INSERT INTO ${table} SELECT * FROM ${table}` })
      await expect(written).rejects.toMatchObject({ type: 'ACCESS_DENIED' })
    },
  )
})

test('curate writes what it loads, and makes or removes no table', async () => {
  for (const table of [
    'feed_death',
    'quarantine',
    'rule_outcome',
    'ledger_batch',
    'person_link',
    'link_index',
    'finding',
  ])
    await as('curate').command({ query: `INSERT INTO ${table} SELECT * FROM ${table}` })
  for (const statement of [
    'DROP TABLE feed_death',
    'TRUNCATE TABLE ledger_batch',
    'ALTER TABLE ledger_batch DELETE WHERE 1',
  ])
    await expect(as('curate').command({ query: statement })).rejects.toMatchObject({ type: 'ACCESS_DENIED' })
})

test('provision runs a second time, and removes nothing', async () => {
  expect((await runToEnd('services/provision/main.ts', [], own.env)).status).toBe(0)
  for (const statement of [
    'DROP TABLE feed_death',
    `DROP DATABASE ${own.database}`,
    'ALTER TABLE feed_death DROP COLUMN _flags',
  ])
    await expect(as('provision').command({ query: statement })).rejects.toMatchObject({ type: 'ACCESS_DENIED' })
})

test('the statements of deploy/clickhouse are what the engine’s parser accepts', async () => {
  const folder = join(ROOT, 'deploy/clickhouse')
  const files = ['users.sql', ...readdirSync(join(folder, 'grants')).map((file) => `grants/${file}`)]
  for (const file of files)
    for (const statement of grantsOf(readFileSync(join(folder, file), 'utf8')))
      await as('admin')
        .query({
          query: 'SELECT formatQuerySingleLine({statement:String})',
          query_params: { statement },
          format: 'CSV',
        })
        .then((result) => result.text())
})
