/** A gateway for one test, as a process, on the shared servers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { withLogin } from './servers.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NODE = join(ROOT, 'node_modules/.bin/node')

export interface GatewayProcess {
  readonly url: string
  /** Where its metrics and alarms are. */
  readonly adminUrl: string
  readonly process: ChildProcess
  /** The complete log. */
  log(): string
  /** @returns the exit status */
  stop(): Promise<number | null>
}

/** @param env as `isolated().env`; the gateway listens on a free port unless `env` names one */
export async function startGateway(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const child = spawn(...stopWithParent(NODE, [join(ROOT, 'services/gateway/main.ts')], 'KILL'), {
    cwd: ROOT,
    env: { ...process.env, CHAINON_HTTP_PORT: '0', ...withLogin('gateway', env) },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const lines: string[] = []
  const [url, adminUrl] = await new Promise<readonly [string, string]>((resolve, reject) => {
    child.on('exit', (status) => reject(new Error(`the gateway ended with ${status}:\n${lines.slice(-10).join('\n')}`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      const found = /"event":"listening","url":"([^"]+)","admin_url":"([^"]+)"/.exec(line)
      if (found?.[1] && found[2]) resolve([found[1], found[2]])
    })
  })
  return {
    url,
    adminUrl,
    process: child,
    log: () => lines.join('\n'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      return child.exitCode
    },
  }
}

/** @returns the user of ClickHouse that a script is */
function userOf(script: string, [command = '']: readonly string[]): string {
  const service = /^services\/(\w+)\//.exec(script)?.[1] ?? ''
  return service === 'cli' ? (COMMANDS_OF[command] ?? 'operator') : service
}

/** Commands that run a service. */
const COMMANDS_OF: Readonly<Record<string, string>> = {
  audit: 'auditor',
  link: 'curate',
  project: 'extract',
  provision: 'provision',
}

/** Runs a one-shot main (`services/provision/main.ts`, `services/cli/chainon.mjs`...) to its end. */
export async function runToEnd(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(...stopWithParent(NODE, [join(ROOT, script), ...args]), {
    cwd: ROOT,
    env: { ...process.env, ...withLogin(userOf(script, args), env) },
    stdio: 'pipe',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdin.end(input)
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout, stderr }
}
