/**
 * The access journal on the real topic and table: what is done at the doors is in it, and what an attacker does to it is found. The acceptance
 * of a gap is in gap.test.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEntry } from '#core/journal/entry.ts'
import { type JournalFinding, verifyJournal } from '#core/journal/verify.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { trusted } from '../../services/cli/audit/known.ts'
import { readEntries } from '../../services/cli/audit/source.ts'
import { fillPeople } from '../helpers/extract-people.ts'
import { projectFile, type TestWarehouse, testWarehouse } from '../helpers/extract-warehouse.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { deleteRecords, produce, readTopics, topicSettings } from '../helpers/kafka.ts'
import { clientLogin, type Isolated, isolated, withLogin } from '../helpers/servers.ts'
import { freePort } from '../helpers/services.ts'

const ROOT = join(import.meta.dirname, '../..')

let own: Isolated
let warehouse: TestWarehouse
let console_: ChildProcess | undefined
let topic = ''
let heads = ''
const exported = () => join(own.folder, 'journal.ndjson')
const chainon = (...args: string[]) => runToEnd('services/cli/chainon.mjs', args, own.env)

/** As `chainon audit verify --from` does, in this process. */
async function verified(from: 'topic' | 'table', headsFile?: string): Promise<readonly JournalFinding[]> {
  const { writers, heads: known } = trusted(own.folder, [], headsFile)
  return verifyJournal(await readEntries(from, withLogin('auditor', own.env)), writers, known).findings
}

async function listed(): Promise<readonly string[]> {
  const entries = (await readEntries('topic', own.env)).flatMap(({ line }) => readEntry(line) ?? [])
  return entries.map(({ action, object, outcome }) => `${action} ${object} ${outcome}`)
}

async function startConsole(): Promise<string> {
  console_ = spawn(
    ...stopWithParent(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'services/console/main.ts')], 'KILL'),
    {
      cwd: ROOT,
      env: { ...process.env, ...withLogin('console', own.env), CHAINON_HTTP_PORT: String(await freePort()) },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const { stderr } = console_
  if (!stderr) throw new Error('no log')
  return new Promise((resolve) => {
    createInterface({ input: stderr }).on('line', (line) => {
      const url = /"event":"listening","url":"([^"]+)"/.exec(line)?.[1]
      if (url) resolve(url)
    })
  })
}

const logIn = (url: string, password: string) =>
  fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ user: 'operator', password }),
    redirect: 'manual',
  })

beforeAll(async () => {
  own = isolated()
  topic = `${own.namespace}audit.access`
  warehouse = await testWarehouse(own)
  await fillPeople(warehouse)
  const { status, stderr } = await runToEnd('services/provision/main.ts', [], own.env)
  expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
})

afterAll(async () => {
  console_?.kill('SIGKILL')
  await warehouse?.client.close()
  own?.remove()
})

test('logins, keys, extractions and contracts are in the topic and in the table, signed and complete', async () => {
  const kept = { 'retention.ms': '-1', 'cleanup.policy': 'delete' }
  await expect.poll(() => topicSettings(own.env, topic)).toMatchObject(kept)
  const url = await startConsole()
  const password = readFileSync(join(own.folder, 'secrets', 'operator.password'), 'utf8').trim()
  expect((await logIn(url, 'wrong')).status).toBe(401)
  expect((await logIn(url, password)).status).toBe(303)
  expect((await chainon('keys', 'create', 'chu-nord')).status).toBe(0)
  const built = await chainon('project', 'extract', projectFile(own, `${own.database}_journal`), '--json')
  expect([built.status, built.status === 0 ? '' : built.stderr]).toEqual([0, ''])
  const project = `project:${own.database}_journal`
  await expect
    .poll(listed)
    .toEqual(
      expect.arrayContaining([
        'contract-change feed:death done',
        'login-failed console refused',
        'login console done',
        expect.stringMatching(/^key-create key:[0-9a-f]{12} done$/),
        `extraction ${project} begun`,
        `extraction ${project} done`,
        'anchor journal done',
      ]),
    )
  // What is journalled by the reading itself comes later in the table.
  const rows = async () => Number(await warehouse.query('SELECT count() FROM access_journal'))
  await expect.poll(rows).toBeGreaterThan(12)
  // Entries that the table does not have yet are missing there until the console looks again.
  await expect.poll(() => verified('table'), { interval: 500 }).toEqual([])
  const both = await chainon('audit', 'verify')
  expect([both.stderr, both.stdout]).toEqual([
    '',
    expect.stringMatching(/^topic: .*Nothing is missing[\s\S]*\ntable: .*Nothing/),
  ])
  const list = await chainon('audit', 'list', '--action', 'extraction', '--since', '1d')
  expect(list.stdout.match(new RegExp(`os:\\S+ +extraction +${project}`, 'g'))).toHaveLength(2)
  expect(await warehouse.query(`SELECT count() FROM access_journal WHERE action = 'extraction'`)).toBe('2')
  const facts = await warehouse.query(
    `SELECT facts FROM access_journal WHERE action = 'extraction' AND outcome = 'done'`,
  )
  expect(facts).toContain('{"feed":"patient","rows":21}')
  console_?.kill('SIGTERM')
  if (console_?.exitCode === null) await once(console_, 'exit')
})

test('nothing is extracted while Kafka does not take the entry, and the refusal is journalled later', async () => {
  const away = { ...own.env, KAFKA_BROKERS: '127.0.0.1:9' }
  const file = projectFile(own, `${own.database}_refused`)
  const refused = await runToEnd('services/cli/chainon.mjs', ['project', 'extract', file], away)
  expect([refused.status, refused.stdout]).toEqual([75, ''])
  expect(refused.stderr).toContain('Nothing was done: the access journal has no entry of it')
  expect(await warehouse.query(`SELECT count() FROM system.databases WHERE name LIKE 'project%refused%'`)).toBe('0')
  // Keys can be revoked at any time: that entry waits, too.
  expect((await runToEnd('services/cli/chainon.mjs', ['keys', 'create', 'chu-sud'], away)).status).toBe(0)
  expect((await runToEnd('services/provision/main.ts', [], own.env)).status).toBe(0)
  const project = `project:${own.database}_refused`
  expect(await listed()).toEqual(
    expect.arrayContaining([`extraction ${project} begun`, `extraction ${project} refused`]),
  )
  expect(await verified('topic')).toEqual([])
})

describe('who reads it, and who writes it', () => {
  const as = (user: string) => {
    const env = withLogin(user, own.env)
    return createClient({
      url: env.CLICKHOUSE_URL ?? '',
      ...clientLogin(env),
      database: own.database,
      log: { level: 127 },
    })
  }
  const denied = async (user: string, query: string) => {
    const client = as(user)
    const attempt = client.command({ query })
    await expect(attempt, `${user}: ${query}`).rejects.toMatchObject({ type: 'ACCESS_DENIED' })
    await client.close()
  }

  test('an auditor reads it; readers, extractions and the console do not', async () => {
    const client = as('auditor')
    const found = await client.query({ query: 'SELECT count() FROM access_journal', format: 'JSONCompactEachRow' })
    expect(Number((await found.json<[string]>())[0]?.[0])).toBeGreaterThan(0)
    await client.close()
    for (const user of ['reader', 'extract', 'console', 'operator', 'curate'])
      await denied(user, 'SELECT entry FROM access_journal')
    await denied('auditor', 'SELECT * FROM person_link')
  })

  test('no service changes or removes an entry, and only the console adds one', async () => {
    for (const user of ['console', 'provision', 'curate', 'operator', 'extract', 'auditor', 'reader']) {
      await denied(user, 'ALTER TABLE access_journal DELETE WHERE 1')
      await denied(user, "ALTER TABLE access_journal UPDATE entry = '' WHERE 1")
      await denied(user, 'TRUNCATE TABLE access_journal')
      await denied(user, 'DROP TABLE access_journal')
      await denied(user, 'ALTER TABLE access_journal MODIFY COLUMN actor String')
      if (user !== 'console') await denied(user, "INSERT INTO access_journal (topic_offset, entry) VALUES (0, '{}')")
    }
    const client = as('console')
    const forged = client.command({ query: "INSERT INTO access_journal (topic_offset, actor) VALUES (0, 'os:eve')" })
    await expect(forged, 'a column cannot say what the entry does not').rejects.toThrow()
    expect(await warehouse.query(`SELECT count() FROM access_journal WHERE actor = 'os:eve'`)).toBe('0')
    await client.close()
  })
})

describe('an attacker', () => {
  test('who changes an exported file is found by its heads, with nothing else', async () => {
    const made = await chainon('audit', 'export', exported())
    expect(made.status).toBe(0)
    heads = join(own.folder, 'heads.json')
    writeFileSync(heads, made.stdout)
    const elsewhere = { ...own.env, CHAINON_DATA_DIR: join(own.folder, 'elsewhere'), KAFKA_BROKERS: '127.0.0.1:9' }
    const offline = async (text: string) => {
      const file = join(own.folder, 'changed.ndjson')
      writeFileSync(file, text)
      return runToEnd('services/cli/chainon.mjs', ['audit', 'verify', '--from', file, '--heads', heads], elsewhere)
    }
    const text = readFileSync(exported(), 'utf8')
    expect(await offline(text)).toMatchObject({ status: 0, stderr: '' })
    const found = await offline(text.replace('chu-nord', 'chu-west'))
    expect([found.status, found.stdout]).toEqual([
      1,
      expect.stringMatching(/NOT as it was written.*first wrong entry.*\(forged\)/),
    ])
  })

  test('who changes the table with the rights of its administrator', async () => {
    const update = `ALTER TABLE access_journal UPDATE entry = replaceOne(entry, 'chu-nord', 'chu-west') WHERE action = 'key-create'`
    await warehouse.client.command({ query: update, clickhouse_settings: { mutations_sync: '2' } })
    expect((await verified('table', heads)).map(({ kind }) => kind)).toContain('forged')
    await warehouse.client.command({ query: 'TRUNCATE TABLE access_journal' })
    expect(new Set((await verified('table')).map(({ kind }) => kind))).toEqual(new Set(['truncated']))
  })

  test('who writes to the topic, or deletes from it', async () => {
    const messages = await readTopics(own.env, [topic])
    const last = String(messages.at(-1)?.value)
    await produce(own.env, topic, [{ partition: 0, value: last.replace(/"actor":"[^"]*"/, '"actor":"os:eve"') }])
    expect((await verified('topic'))[0]).toMatchObject({ kind: 'forged', offset: messages.length })
    await deleteRecords(own.env, topic, '2')
    expect((await verified('topic')).length).toBeGreaterThan(1)
  })
})
