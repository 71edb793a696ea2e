/**
 * No accepted record is lost or loaded twice when a process is killed under load: one process after the other is killed with SIGKILL
 * and restarted by the supervisor, and the ledger stays balanced.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isBalanced, sumCounts } from '#core/ledger/row.ts'
import { type Stack, startStack } from '../../deploy/local/stack.ts'
import { searchClickhouse } from '../../services/cli/canary/places/clickhouse.ts'
import { searchKafka } from '../../services/cli/canary/places/kafka.ts'
import { searchRedis } from '../../services/cli/canary/places/redis.ts'
import { scannerFor } from '../../services/cli/canary/scanner.ts'
import { Search } from '../../services/cli/canary/search.ts'
import { openLedger } from '../../services/cli/ledger-source.ts'
import { testKafka } from '../helpers/kafka.ts'
import { LONG, onlyLong } from '../helpers/long.ts'
import { testRedis } from '../helpers/redis.ts'
import { clientLogin } from '../helpers/servers.ts'
import { CANARIES, type Sender, startSender } from './helpers/sender.ts'

const KILLED_PROCESSES = ['gateway', 'deidentify', 'curate', 'kafka', 'redis', 'clickhouse'] as const
const PRODUCER = 'hospital-k'
/** Folders of components, which are read through their clients: these decompress. */
const READ_BY_CLIENTS = ['kafka', 'clickhouse', 'redis', 'registry']
const folder = mkdtempSync(join(tmpdir(), 'chainon-kill-'))
let stack: Stack
let sender: Sender

beforeAll(async () => {
  if (!LONG) return
  stack = await startStack({ dataDir: folder, ports: 'auto', services: 'all', env: process.env })
  const out = execFileSync(process.execPath, ['services/cli/chainon.mjs', 'keys', 'ensure', '--json', PRODUCER], {
    env: { ...process.env, ...stack.env },
    encoding: 'utf8',
  })
  const [row] = JSON.parse(out) as { key: string }[]
  sender = startSender(stack.url('gateway'), row?.key ?? '')
})

afterAll(async () => {
  await stack?.stop()
  if (!process.env.CHAINON_TEST_KEEP) rmSync(folder, { recursive: true, force: true })
})

async function waitFor(what: string, seconds: number, check: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + seconds * 1000
  while (!(await check())) {
    if (Date.now() > until)
      throw new Error(
        `${what} did not happen within ${seconds} s: ${JSON.stringify(stack.state().map(({ name, state, message }) => ({ name, state, message })))}`,
      )
    await sleep(100)
  }
}

beforeEach(onlyLong)

describe('a process killed with SIGKILL under load', () => {
  it.each(KILLED_PROCESSES)('%s is restarted, and the gateway accepts records again', async (killed) => {
    await waitFor('the first records', 60, () => sender.accepted() > 0)
    await sleep(700)
    const before = stack.pid(killed)
    const restarts = stack.state().find(({ name }) => name === killed)?.restarts ?? 0
    stack.kill(killed, 'SIGKILL')
    await waitFor(`the restart of ${killed}`, 90, () => {
      const row = stack.state().find(({ name }) => name === killed)
      return row?.state === 'running' && row.pid !== before && (row.restarts ?? 0) > restarts
    })
    const accepted = sender.accepted()
    await waitFor('records after the restart', 90, () => sender.accepted() > accepted + 500)
  })

  it('leaves the ledger balanced, and every accepted record in ClickHouse exactly once', async () => {
    await sender.finish()
    const ledger = await openLedger({ ...process.env, ...stack.env, ...stack.login('operator') })
    const { rows, complete } = await ledger.read(120)
    await ledger.close()
    expect(
      complete,
      `expected nothing in flight, found ${JSON.stringify(rows.filter((row) => row.in_flight > 0))}`,
    ).toBe(true)
    const total = sumCounts(rows)
    expect(isBalanced(rows)).toBe(true)
    expect(total).toEqual({ ...total, loaded: total.accepted, quarantined: 0, rejected: 0, gaps: 0, overlaps: 0 })

    const clickhouse = createClient({
      url: stack.env.CLICKHOUSE_URL ?? '',
      ...clientLogin(stack.env),
      database: 'chainon',
    })
    const one = async (query: string) =>
      (await (await clickhouse.query({ query, format: 'JSONEachRow' })).json<Record<string, string>>())[0]
    const tables = await Promise.all(
      ['patient', 'observation'].map((feed) =>
        one(`SELECT count() AS rows, uniqExact(record_id) AS records FROM ${feed}`),
      ),
    )
    const rowsTotal = tables.reduce((sum, table) => sum + Number(table?.rows), 0)
    // A request that got no answer from a killed gateway is sent again: its records may be in the log twice, but never in a table.
    expect(rowsTotal).toBe(sender.accepted())
    expect(tables.map((table) => table?.rows)).toEqual(tables.map((table) => table?.records))
    const stored = await one(
      'SELECT count() AS rows, uniqExact(_origin_incarnation, _origin_partition, _origin_offset) AS origins FROM (SELECT _origin_incarnation, _origin_partition, _origin_offset FROM feed_observation)',
    )
    expect(stored?.rows, 'no origin is stored twice, even before ClickHouse merges').toBe(stored?.origins)
    const links = await one('SELECT count() AS patients, uniqExact(person_id) AS persons FROM person_link_current')
    expect({ patients: Number(links?.patients), persons: Number(links?.persons) }).toEqual({
      patients: sender.patients(),
      persons: sender.persons(),
    })
    await clickhouse.close()
  })

  it('leaves no canary past the identified zone: in topics, Redis, ClickHouse, logs, or files of the services', async () => {
    const scanner = scannerFor([...CANARIES, PRODUCER])
    const search = () => new Search(scanner, PRODUCER)
    const clickhouse = createClient({ url: stack.env.CLICKHOUSE_URL ?? '', ...clientLogin(stack.env) })
    const redis = testRedis(stack.env)
    const reports = [
      await searchKafka(testKafka(stack.env), search(), new Map(), ['deidentify', 'linker', 'curate'], 'canary-'),
      await searchRedis(redis, search()),
      await searchClickhouse(clickhouse, search(), 0),
    ]
    const inFiles = search()
    const isRead = (path: string) => READ_BY_CLIENTS.includes(relative(folder, path).split(sep)[0] ?? '')
    inFiles.folder(folder, isRead)
    reports.push(inFiles.report('files', '', false))
    expect(reports.map(({ hits, unread }) => [hits.slice(0, 5), unread.slice(0, 5)])).toEqual(
      reports.map(() => [[], []]),
    )
    expect(reports.map(({ control }) => control)).toEqual(['seen', expect.anything(), 'seen', expect.anything()])
    // They went through: each text has the tag of what was taken from it.
    const texts = await clickhouse.query({
      query: "SELECT count() AS rows FROM chainon.observation WHERE comment LIKE '%[NAME]%'",
      format: 'JSONEachRow',
    })
    const [row] = await texts.json<{ rows: string }>()
    expect(Number(row?.rows)).toBeGreaterThan(KILLED_PROCESSES.length)
    redis.disconnect()
    await clickhouse.close()
  })
})
