/**
 * `chainon link` and `chainon keys rotate-pseudonyms`: the linkage index is lost, records with patients wait, and a rebuild from the log, which is killed, stopped and started
 * again, gives the links of a replay. `curate` is told not to rebuild by itself, so that each step can be seen.
 * Then the whole warehouse moves to another key, with kills in between.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { indexStore } from '../../services/curate/link/index-store.ts'
import { projectFile, runExtract } from '../helpers/extract-warehouse.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { onlyLong } from '../helpers/long.ts'
import { nirOf, recordOf } from '../helpers/records.ts'
import { testRedis } from '../helpers/redis.ts'
import { currentLinks, replayedLinks } from '../helpers/replayed-links.ts'
import { login, withLogin } from '../helpers/servers.ts'
import { failingService, type Pipeline, startPipeline } from '../helpers/services.ts'

const ROOT = join(import.meta.dirname, '../..')
let line: Pipeline
let redis: Redis
let sent = 0

beforeAll(async () => {
  line = await startPipeline({ CHAINON_LINK_REBUILD: 'manual' })
  redis = testRedis(line.env)
  await push(400)
  await line.completeLedger()
})
afterAll(async () => {
  redis?.disconnect()
  await line?.stop()
})

/** Patients of whom every fifth one shares the NIR of another. */
async function push(count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => sent + i)
  sent += count
  const records = ids.map((id) =>
    recordOf('patient', `p${id}`, `ipp-${id}`, id % 5 === 0 ? { nir: nirOf(`2790351215${100 + (id % 100)}`) } : {}),
  )
  await line.push('chu', 'patient', records)
}

const environment = () => ({ ...line.env, CHAINON_SECRETS_DIR: join(line.env.CHAINON_SECRETS_DIR ?? '', 'curate') })
const link = (...args: readonly string[]) =>
  runToEnd('services/cli/chainon.mjs', ['link', ...args, '--json'], environment())
const rows = async (query: string) => (await line.rows<{ value: string }>(query)).map(({ value }) => Number(value))[0]

/** A rebuild in a process that the test can stop and kill. */
function startRebuild(): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
  const child = spawn(
    ...stopWithParent(
      join(ROOT, 'node_modules/.bin/node'),
      [join(ROOT, 'services/curate/rebuild/main.ts'), 'rebuild', '--json'],
      'KILL',
    ),
    { cwd: ROOT, env: { ...process.env, ...withLogin('curate', environment()) }, stdio: 'ignore' },
  )
  return { child, ended: once(child, 'exit').then(([status]) => status as number | null) }
}

/** Waits until the rebuild has begun, or has read a part of the log. */
async function reached(point: 'begun' | 'read'): Promise<void> {
  const store = indexStore(redis, line.place.namespace)
  for (;;) {
    const building = await store.read('building')
    if (building && (point === 'begun' || Object.keys(building.fields).some((name) => name.startsWith('l:')))) return
    await sleep(1)
  }
}

describe('a rebuild that is tried', () => {
  it('counts what would change, and changes nothing', async () => {
    const links = await currentLinks(line)
    const { status, stdout } = await link('rebuild', '--dry-run')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ patients: 400, changed: 0, added: 0 })
    expect(await currentLinks(line)).toEqual(links)
    expect(await redis.keys(`${line.place.namespace}{link}:i:trial*`)).toEqual([])
    expect((await link('status')).status).toBe(0)
  })
})

describe('a lost index', () => {
  it('stops the records with patients, and no other feed', async () => {
    await redis.unlink(...(await redis.keys(`${line.place.namespace}{link}:*`)))
    await push(50)
    await line.push('chu', 'observation', [recordOf('observation', 'o1', 'ipp-1')])
    await expect.poll(() => rows('SELECT count() AS value FROM observation')).toBe(1)
    const codes = async () => (await line.services.curate.alarms()).map(({ code }) => code)
    await expect.poll(codes).toEqual(['link-index-stale'])
    expect(await rows('SELECT count() AS value FROM patient')).toBe(400)
    const { status, stdout } = await link('status')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ state: 'stale', reason: 'Redis has no linkage index' })
  })

  it('is rebuilt by one process at a time', async () => {
    const lock = `${line.place.namespace}{link}:rebuild`
    await redis.set(lock, 'process 1 on elsewhere id', 'EX', 60)
    const { status, stderr } = await link('rebuild')
    expect(status).toBe(75)
    expect(stderr).toContain('process 1 on elsewhere is rebuilding the links')
    await redis.del(lock)
  })

  it('is rebuilt, although rebuilds are killed, stopped and started again: records that waited go on by themselves', async () => {
    const killed = startRebuild()
    await reached('read')
    killed.child.kill('SIGKILL')
    await killed.ended
    // It had read a part, and had not switched.
    await reached('read')

    const suspended = startRebuild()
    // Once the lock of the killed one has ended.
    await expect
      .poll(() => redis.get(`${line.place.namespace}{link}:rebuild`), { interval: 5 })
      .toContain(`${suspended.child.pid}`)
    suspended.child.kill('SIGSTOP')
    const { status, stdout } = await link('rebuild')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ patients: 450, added: 50 })
    // The process that wakes up late has lost its lock and its index: it ends, and changes nothing.
    suspended.child.kill('SIGCONT')
    expect(await suspended.ended).toBe(75)

    await push(50)
    await line.completeLedger()
    expect(await rows('SELECT count() AS value FROM patient')).toBe(500)
    expect(await line.services.curate.alarms()).toEqual([])
    expect((await link('status')).status).toBe(0)
    expect(await currentLinks(line)).toEqual(await replayedLinks(line))
    // One row for each decision, in raw rows, too.
    expect(await rows('SELECT count() - uniqExact(patient_id, link_version) AS value FROM person_link')).toBe(0)
    // Two locks end by time before the last rebuild may begin.
  })
})

/** A process of the rotation; it is `curate`, and in ClickHouse `rotate`. */
function rotation(command: string, more: Readonly<Record<string, string>> = {}) {
  const user = { ...withLogin('curate', environment()), ...clickhouseOf('rotate') }
  const child = spawn(
    ...stopWithParent(
      join(ROOT, 'node_modules/.bin/node'),
      [join(ROOT, 'services/curate/rotate/main.ts'), command, '--json'],
      'KILL',
    ),
    { cwd: ROOT, env: { ...process.env, ...user, ...more }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, out, err }))
  return { child, ended, err: () => err }
}
const clickhouseOf = (user: string) =>
  Object.fromEntries(Object.entries(login(user)).filter(([name]) => name.startsWith('CLICKHOUSE_')))
const register = async () =>
  (await line.rows<{ name: string }>('SELECT name FROM key_fingerprint')).map(({ name }) => name)
const numbers = async (query: string) => (await line.rows<Record<string, string>>(query))[0]
/** What does not depend on the names: rows, persons, and how the tables join. */
const shape = () =>
  numbers(`SELECT toString((SELECT count() FROM patient)) AS patients, toString((SELECT uniqExact(patient_id) FROM patient)) AS subjects,
    toString((SELECT count() FROM observation WHERE patient_id IN (SELECT patient_id FROM patient))) AS joined,
    toString((SELECT count() FROM patient WHERE patient_id IN (SELECT patient_id FROM person_link_current))) AS linked,
    toString((SELECT uniqExact(person_id) FROM person_link_current WHERE patient_id IN (SELECT patient_id FROM patient))) AS persons,
    toString((SELECT count() FROM record_loaded FINAL WHERE (feed, record) IN (SELECT 'patient', cityHash64(record_id) FROM feed_patient))) AS witnessed`)

describe('a rotation of the key of pseudonyms', () => {
  beforeEach(onlyLong)
  /** Kills it as soon as the register or the progress says so, and removes its lock, which would end by its time. */
  async function killedWhen(reached: () => Promise<boolean>): Promise<void> {
    const { child, ended, err } = rotation('rotate')
    while (!(await reached().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`it ended before it was killed: ${err()}`)
      await sleep(2)
    }
    child.kill('SIGKILL')
    await ended
    await redis.del(`${line.place.namespace}{link}:rotation`, `${line.place.namespace}{link}:rebuild`)
  }
  let before: Record<string, string> | undefined
  const progressed = async (name: string) =>
    (await line.rows("SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'rotation_progress'"))
      .length > 0 && (await line.rows(`SELECT 1 FROM rotation_progress WHERE startsWith(name, '${name}')`)).length > 0
  const registered = async (step: string) => (await register()).includes(`rotation/pseudonym-level2-2 ${step}`)

  it('is killed in each phase and goes on: every value is of the new key, and nothing else has changed', async () => {
    await line.push('chu', 'observation', [recordOf('observation', 'o2', 'ipp-3')])
    await line.push('clinic', 'patient', [recordOf('patient', 'c1', 'c-1', { nir: nirOf('2790351215100') })])
    await line.completeLedger()
    before = await shape()
    expect(Number(before?.joined)).toBeGreaterThan(0)
    expect(before?.linked).toBe(before?.patients)
    const tried = await rotation('survey').ended
    expect([tried.status, tried.err]).toEqual([0, expect.any(String)])
    expect([tried.status, JSON.parse(tried.out)]).toMatchObject([
      0,
      { from: 1, to: 2, phase: 'none', workers: 1, problems: [] },
    ])
    expect(await register()).not.toContain('curate/pseudonym-level2-2.key')

    await redis.set(`${line.place.namespace}{link}:rotation`, 'process 1 on elsewhere id', 'EX', 60)
    const second = await rotation('rotate').ended
    expect([second.status, second.err]).toEqual([75, expect.stringContaining('process 1 on elsewhere is rotating')])
    await redis.del(`${line.place.namespace}{link}:rotation`)

    await killedWhen(() => progressed('log:'))
    // The worker of the old key has ended by itself, and what comes now waits.
    expect(line.services.curate.child.exitCode).toBe(75)
    await push(20)
    await killedWhen(() => progressed('compared:feed_observation'))
    expect(await shape()).toEqual(before)
    await killedWhen(() => registered('switching'))
    const abandoned = await rotation('abandon').ended
    expect([abandoned.status, abandoned.err]).toEqual([75, expect.stringContaining('version 2 already')])

    const { status, err } = await rotation('rotate').ended
    expect([status, err]).toEqual([0, expect.any(String)])
    expect(await shape()).toEqual(before)
    expect(
      (await line.rows("SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'rotation%'"))
        .length,
    ).toBe(0)
    expect(await registered('in force')).toBe(true)
  })

  it('loads what waited, corrections and cancellations of records of before', async () => {
    await line.start('curate')
    await line.push('chu', 'patient', [
      recordOf('patient', 'p1', 'ipp-1', { record_version: 9, sex: 'female' }),
      recordOf('patient', 'p2', 'ipp-2', { record_version: 9, operation: 'cancel' }),
    ])
    await line.completeLedger()
    // 20 more, and one that is cancelled.
    expect(Number((await shape())?.patients)).toBe(Number(before?.patients) + 20 - 1)
    expect(await currentLinks(line)).toEqual(await replayedLinks(line, 2))
    expect((await link('status')).status).toBe(0)
    expect(
      await rows(
        "SELECT countIf(NOT endsWith(record_id, '_k2') OR NOT endsWith(patient_id, '_k2')) AS value FROM feed_patient",
      ),
    ).toBe(0)
    expect(
      await rows(
        "SELECT countIf(NOT endsWith(patient_id, '_k2') OR NOT endsWith(person_id, '_k2')) AS value FROM person_link",
      ),
    ).toBe(0)
  })

  it('is what a project is extracted from', async () => {
    const project = projectFile(line.place, `${line.place.database}_rotated`, {
      period: { from: '2020-01-01', to: '2030-01-01' },
      cohort: { any_of: [{ feed: 'observation', where: [{ column: 'code', equals: '718-7' }] }] },
    })
    const { code, stdout, stderr } = await runExtract(line.place, ['extract', project, '--allow-small', '--json'])
    expect([code, stderr]).toEqual([0, expect.any(String)])
    const { tables } = JSON.parse(stdout) as { tables: readonly { table: string; rows: number }[] }
    const rowsOf = (name: string) => tables.find(({ table }) => table === name)?.rows ?? 0
    expect(rowsOf('observation')).toBe(await rows('SELECT count() AS value FROM observation'))
    expect(rowsOf('patient')).toBeGreaterThan(0)
  })

  it('destroys the former key, and a host without the new one does not start', async () => {
    const secrets = join(line.env.CHAINON_SECRETS_DIR ?? '', 'curate')
    const elsewhere = join(line.place.folder, 'elsewhere')
    cpSync(secrets, join(elsewhere, 'curate'), { recursive: true })
    rmSync(join(elsewhere, 'curate', 'pseudonym-level2-2.key'))
    const old = await failingService('curate', { ...line.env, CHAINON_SECRETS_DIR: elsewhere })
    expect([old.status, old.log]).toEqual([78, expect.stringContaining('curate/pseudonym-level2-2.key is missing')])
    const { status, out } = await rotation('retire').ended
    expect([status, JSON.parse(out)]).toEqual([0, { inForce: 2, versions: [1] }])
    expect(existsSync(join(secrets, 'pseudonym-level2.key'))).toBe(false)
  })
})
