/** Redis that has lost its data or has older data, and disks that are full. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { localLogin } from '../../../deploy/local/logins.ts'
import { type Bench, until } from '../bench.ts'
import { DISK_COMPONENTS, DISK_SIZE, type DiskComponent } from '../disks.ts'
import { type FaultKind, type Ground, hit, link, missed } from '../fault.ts'

async function withRedis<T>(bench: Bench, work: (redis: Redis) => Promise<T>): Promise<T> {
  const { REDIS_USERNAME: username = '', REDIS_PASSWORD: password = '' } = localLogin('redis', bench.data, 'admin')
  const login = { username, password }
  const redis = new Redis(bench.direct.redis, { ...login, maxRetriesPerRequest: 2, retryStrategy: () => 100 })
  redis.on('error', () => undefined)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

const keysOf = (bench: Bench) => withRedis(bench, (redis) => redis.dbsize())

const FLUSHED: FaultKind = {
  name: 'redis-flushed',
  weight: 3,
  async run({ bench }) {
    const before = await keysOf(bench)
    await withRedis(bench, (redis) => redis.flushall())
    return before > 0 ? hit(`${before} keys were removed from the running Redis`) : missed('Redis was empty already')
  },
}

/** Stops Redis, changes its files, and lets the supervisor start it. */
async function redisAfter(bench: Bench, change: (folder: string) => void): Promise<{ before: number; after: number }> {
  const before = await keysOf(bench)
  bench.supervisor.signal('SIGSTOP')
  try {
    const pid = bench.kill('redis', 'SIGKILL')
    await sleep(200)
    change(join(bench.data, 'redis'))
    bench.supervisor.signal('SIGCONT')
    await bench.restarted('redis', pid)
  } finally {
    bench.supervisor.signal('SIGCONT')
  }
  return { before, after: await keysOf(bench) }
}

const SETTINGS: ReadonlySet<string> = new Set(['redis.conf', 'users.acl'])

/** Version 7 has a folder of files, version 6 one file. */
function removeData(folder: string): void {
  for (const name of readdirSync(folder))
    if (!SETTINGS.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
}

const EMPTY: FaultKind = {
  name: 'redis-empty',
  weight: 3,
  async run({ bench }) {
    const { before, after } = await redisAfter(bench, removeData)
    const evidence = `it was killed with ${before} keys and started again with ${after}`
    return after < before ? hit(evidence) : missed(evidence)
  },
}

const OLDER: FaultKind = {
  name: 'redis-older',
  weight: 3,
  async run({ bench, random }) {
    const copy = join(bench.folder, 'redis-older')
    rmSync(copy, { recursive: true, force: true })
    // A copy of a file that grows may end within a command; Redis cuts that off.
    cpSync(join(bench.data, 'redis'), copy, { recursive: true })
    const copied = await keysOf(bench)
    await sleep(random.int(1500, 3000))
    const { before, after } = await redisAfter(bench, (folder) => {
      removeData(folder)
      cpSync(copy, folder, { recursive: true })
    })
    const evidence = `it had ${before} keys, and was started again with the ${after} of seconds before (${copied})`
    return after < before ? hit(evidence) : missed(evidence)
  },
}

function usedBytes(folder: string): number {
  const [, line = ''] = execFileSync('df', ['--output=used', '-B1', folder], { encoding: 'utf8' }).split('\n')
  return Number(line.trim())
}

const resize = (folder: string, size: string) =>
  execFileSync('mount', ['-o', `remount,size=${size}`, folder], { stdio: 'ignore' })

/** What each component writes to its log, or what its client sees, when the disk is full. */
function diskFull(name: DiskComponent): FaultKind {
  return {
    name: `disk-full-${name}`,
    weight: 3,
    async run(ground: Ground) {
      const { bench, random } = ground
      const folder = join(bench.data, name)
      if (!existsSync(folder) || !isOwnDisk(folder)) return missed('its data folder is not a file system of its own')
      const proxy = link(ground, 'curate-clickhouse')
      proxy.resetCounts()
      const before = complaints(bench, name)
      const seen = () => (name === 'clickhouse' ? proxy.counts.errors : complaints(bench, name) - before)
      try {
        resize(folder, String(usedBytes(folder) + 16 * 1024))
        await until(() => seen() > 0, 8000)
        await sleep(random.int(1000, 4000))
      } finally {
        resize(folder, DISK_SIZE)
      }
      const evidence = `${seen()} ${name === 'clickhouse' ? 'statements failed' : 'lines of its log name the disk'}`
      return seen() > 0 ? hit(evidence) : missed(evidence)
    },
  }
}

function complaints(bench: Bench, name: DiskComponent): number {
  const log = join(bench.data, 'logs', `${name}.log`)
  return existsSync(log) ? readFileSync(log, 'utf8').split(/No space left|SIGBUS|unsafe memory access/).length - 1 : 0
}

function isOwnDisk(folder: string): boolean {
  return execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim() === 'tmpfs'
}

export const STORES: readonly FaultKind[] = [FLUSHED, EMPTY, OLDER, ...DISK_COMPONENTS.map(diskFull)]
