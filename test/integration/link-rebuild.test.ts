/**
 * `chainon link`: the linkage index is lost, records with patients wait, and a rebuild from the log, which is killed, stopped and started
 * again, gives the links of a replay. `curate` is told not to rebuild by itself, so that each step can be seen.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { indexStore } from '../../services/curate/link/index-store.ts'
import { runToEnd } from '../helpers/gateway.ts'
import { nirOf, recordOf } from '../helpers/records.ts'
import { testRedis } from '../helpers/redis.ts'
import { currentLinks, replayedLinks } from '../helpers/replayed-links.ts'
import { withLogin } from '../helpers/servers.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

const ROOT = join(import.meta.dirname, '../..')
let line: Pipeline
let redis: Redis
let sent = 0

beforeAll(async () => {
  line = await startPipeline({ CHAINON_LINK_REBUILD: 'manual' })
  redis = testRedis(line.env)
  await push(400)
  await line.completeLedger()
}, 120_000)
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
    join(ROOT, 'node_modules/.bin/node'),
    [join(ROOT, 'services/curate/rebuild/main.ts'), 'rebuild', '--json'],
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
    await expect.poll(() => rows('SELECT count() AS value FROM observation'), { timeout: 30_000 }).toBe(1)
    const codes = async () => (await line.services.curate.alarms()).map(({ code }) => code)
    await expect.poll(codes, { timeout: 30_000 }).toEqual(['link-index-stale'])
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
      .poll(() => redis.get(`${line.place.namespace}{link}:rebuild`), { timeout: 30_000, interval: 5 })
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
  }, 180_000)
})
