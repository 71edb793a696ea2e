/** Starts services as child processes of the load test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopWithParent } from '#core/process/stop-with-parent.ts'

const ROOT = join(import.meta.dirname, '..')
const READY_WITHIN_MS = 60_000

export interface Service {
  readonly name: string
  readonly pid: number
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts `services/<name>/main.ts` and waits until its /health answers 200.
 * @param env its environment, except its port and the folder of its secrets
 */
export async function startService(name: string, env: NodeJS.ProcessEnv, folder: string): Promise<Service> {
  const port = await freePort()
  const log = openSync(join(folder, `${name}.log`), 'a', 0o600)
  const child = spawn(...stopWithParent(process.execPath, [join(ROOT, 'services', name, 'main.ts')], 'KILL'), {
    cwd: ROOT,
    stdio: ['ignore', log, log],
    env: {
      ...env,
      CHAINON_HTTP_PORT: String(port),
      CHAINON_SECRETS_DIR: join(folder, 'secrets', name),
    },
  })
  const url = `http://127.0.0.1:${port}`
  await ready(name, child, url)
  return { name, pid: child.pid ?? 0, url, stop: () => end(child) }
}

/**
 * Starts and ends the workers that make keys: without that of `curate`, `deidentify` does not start, and without those of `deidentify` the gateway
 * accepts nothing.
 * @param as environment with the login of a program
 */
export async function makeKeys(as: (program: string) => NodeJS.ProcessEnv, folder: string): Promise<void> {
  for (const name of ['curate', 'deidentify']) await (await startService(name, as(name), folder)).stop()
}

/** Runs `provision`, or another program that ends by itself, and returns its output. */
export async function runOnce(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(...stopWithParent(process.execPath, args), {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (status !== 0) throw new Error(`${args[0]} ended with ${status}`)
  return out
}

async function ready(name: string, child: ChildProcess, url: string): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it was ready`)
    const ok = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await sleep(100)
  }
  throw new Error(`${name} was not ready within ${READY_WITHIN_MS / 1000} s`)
}

async function end(child: ChildProcess): Promise<void> {
  // One that was killed has no exit code, and its end is not told again.
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGTERM')
  await closed
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}
