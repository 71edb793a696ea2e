/** A Redis server of one test, which may be killed, emptied and replaced by an older copy of itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { redisCommand } from '../../deploy/local/components/install.ts'
import { redis as redisSpec } from '../../deploy/local/components/redis.ts'
import { componentsFolder, dataPaths } from '../../deploy/local/paths.ts'
import { testRedis } from './redis.ts'
import { servers, TEST_NAMESPACES } from './servers.ts'
import { freePort } from './services.ts'

export interface OwnRedis {
  /** What the services need: REDIS_URL. Users and passwords are those of the shared Redis. */
  readonly env: Readonly<Record<string, string>>
  /** Keeps a copy of the data as they are now. */
  copy(): Promise<void>
  /** SIGKILL, then starts again: with its data, without any, or with those of the last copy. */
  restart(data: 'same' | 'none' | 'copy'): Promise<void>
  /** One command, on a connection of its own. */
  command(name: string, ...args: readonly string[]): Promise<unknown>
  stop(): Promise<void>
}

/** Starts the server of the local stack, with its configuration, on a free port. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-redis-'))
  const data = join(folder, 'redis')
  const copied = join(folder, 'copy')
  const port = await freePort()
  const command = redisCommand(componentsFolder(process.env), process.env)
  const shared = servers()
  const logins = dataPaths(shared.CHAINON_DATA_DIR ?? '').redisLogins
  const spec = redisSpec({ command, data: folder, logins, namespaces: TEST_NAMESPACES, port })
  let child: ChildProcess | undefined
  async function start(): Promise<void> {
    await spec.prepare?.()
    child = spawn(...stopWithParent(spec.command, spec.args, 'KILL'), { stdio: 'ignore' })
    while (!(await spec.ready().catch(() => false))) await sleep(20)
  }
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  async function run(name: string, ...args: readonly string[]): Promise<unknown> {
    const client = testRedis({ ...shared, REDIS_URL: spec.url })
    try {
      return await client.call(name, ...args)
    } finally {
      client.disconnect()
    }
  }
  await start()
  const killAtEnd = (): void => void child?.kill('SIGKILL')
  process.once('exit', killAtEnd)
  return {
    env: { REDIS_URL: spec.url },
    async copy() {
      // A SIGKILL keeps what was written; the file is complete when the server has ended.
      await kill()
      cpSync(data, copied, { recursive: true })
      await start()
    },
    async restart(from) {
      await kill()
      if (from !== 'same') rmSync(data, { recursive: true, force: true })
      if (from === 'copy') cpSync(copied, data, { recursive: true })
      await start()
    },
    command: run,
    async stop() {
      process.off('exit', killAtEnd)
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
