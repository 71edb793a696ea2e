import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { passwordOf } from '../../deploy/local/passwords.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A local ClickHouse for one test, on a port that the system chooses. */
export interface Front {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** Of a user of this front, as options of `createClient`; by default the administrator. */
  login(user?: string): { readonly username: string; readonly password: string }
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL, like a crash. */
  kill(): Promise<void>
}

/** Exit code and output of a front that did not start. */
export interface FailedFront {
  readonly code: number | null
  readonly stderr: string
}

/** Starts deploy/local/clickhouse under Node 24 and waits until it serves. */
export async function startFront(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<Front> {
  const started = await tryFront(dataDir, env)
  if ('url' in started) return started
  throw new Error(`the front ended with ${started.code}: ${started.stderr}`)
}

/** Like {@link startFront}, for starts that fail on purpose. */
export async function tryFront(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Front | FailedFront> {
  const child = spawn(
    ...stopWithParent(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'deploy/local/clickhouse/main.ts')], 'KILL'),
    {
      cwd: ROOT,
      env: { ...process.env, CHAINON_CLICKHOUSE_PORT: '0', CHAINON_CLICKHOUSE_DATA_DIR: dataDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  // When the test process ends before `stop`, the child is killed too.
  const killChild = (): void => void child.kill('SIGKILL')
  process.once('exit', killChild)
  child.once('close', () => process.off('exit', killChild))
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const exit = once(child, 'close')
  const line = once(createInterface(child.stdout), 'line')
  const first: unknown[] = await Promise.race([line, exit])
  if (typeof first[0] !== 'string') return { code: child.exitCode, stderr }
  const ready = JSON.parse(first[0]) as { url: string; port: number }
  return {
    url: ready.url,
    port: ready.port,
    dataDir,
    login: (user = 'admin') => ({ username: user, password: passwordOf(join(dataDir, 'logins'), user) }),
    ...ends(child, exit),
  }
}

function ends(child: ChildProcess, exit: Promise<unknown>): Pick<Front, 'stop' | 'kill'> {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exit
  }
  return {
    stop: async () => {
      await end('SIGTERM')
      return child.exitCode
    },
    kill: () => end('SIGKILL'),
  }
}

/** A new folder under the system's temporary one, and its removal. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'chainon-clickhouse-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
