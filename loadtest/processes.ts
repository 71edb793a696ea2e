/** Services as processes of the load test's own, and what memory and processor time each process of the run takes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '..')
const READY_WITHIN_MS = 60_000

export interface Service {
  readonly name: string
  readonly pid: number
  readonly url: string
  stop(): Promise<void>
}

/** Starts `services/<name>/main.ts` and waits until its /health answers 200. */
export async function startService(
  name: string,
  env: Readonly<Record<string, string>>,
  folder: string,
): Promise<Service> {
  const port = await freePort()
  const log = openSync(join(folder, `${name}.log`), 'a', 0o600)
  const child = spawn(process.execPath, [join(ROOT, 'services', name, 'main.ts')], {
    cwd: ROOT,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      ...env,
      CHAINON_HTTP_PORT: String(port),
      CHAINON_SECRETS_DIR: join(folder, 'secrets', name),
    },
  })
  const url = `http://127.0.0.1:${port}`
  await ready(name, child, url)
  return { name, pid: child.pid ?? 0, url, stop: () => end(child) }
}

/** Runs `provision`, or another one-shot main, to its end. */
export async function runOnce(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, [...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
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
  if (child.exitCode !== null) return
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGTERM')
  await closed
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

export interface Usage {
  /** Resident memory in bytes. */
  readonly rss: number
  /** Processor time, user and system, in seconds. */
  readonly cpu: number
}

const TICKS_PER_SECOND = 100

/** @returns undefined where there is no /proc, or the process is gone */
export function usageOf(pid: number): Usage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      rss: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024,
      cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    }
  } catch {
    return undefined
  }
}
