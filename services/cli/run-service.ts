/** Runs another service's main as a process: so that a command uses a service without importing it. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { node24, ROOT } from '../../deploy/local/paths.ts'
import { resolveEnvironment } from './environment.ts'

export interface RunServiceOptions {
  /** `--data-dir` of the command, when it has one. */
  readonly dataDir?: string
  /** Its user of ClickHouse; the name of the service by default. */
  readonly clickhouseUser?: string
  /** The file that is run; `main.ts` by default. */
  readonly main?: string
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Receives what the service writes to stdout, which is then not shown. */
  readonly onOutput?: (bytes: Buffer) => void
}

/**
 * Starts `services/<service>/<main> <args>` in the user's folder, with the login and the secrets of the service.
 *
 * @param env of `main.ts`
 */
export function startService(
  env: NodeJS.ProcessEnv,
  service: string,
  args: readonly string[],
  options: Omit<RunServiceOptions, 'onOutput'> & { readonly stdio: StdioOptions },
): ChildProcess {
  const environment = resolveEnvironment(env, {
    user: service,
    clickhouseUser: options.clickhouseUser,
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
  })
  const data = environment.CHAINON_DATA_DIR ?? ''
  return spawn(node24(), [join(ROOT, 'services', service, options.main ?? 'main.ts'), ...args], {
    stdio: options.stdio,
    env: { CHAINON_SECRETS_DIR: join(data, 'secrets', service), ...environment, ...options.env },
  })
}

/**
 * Runs `services/<service>/<main> <args>` in the user's folder with the terminal's input and output, and sets
 * `process.exitCode` to its status. Signals are forwarded to it.
 *
 * @param env of `main.ts`
 * @returns the exit status; 128 + n when signal n ended it
 */
export async function runService(
  env: NodeJS.ProcessEnv,
  service: string,
  args: readonly string[],
  options: RunServiceOptions = {},
): Promise<number> {
  const stdio = ['inherit', options.onOutput ? 'pipe' : 'inherit', 'inherit'] as const
  const child = startService(env, service, args, { ...options, stdio: [...stdio] })
  child.stdout?.on('data', (bytes: Buffer) => options.onOutput?.(bytes))
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  // A terminal's Ctrl-C reaches the child by itself; this process only waits until the child ends.
  const interrupt = () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  }
  process.on('SIGINT', interrupt)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, forward)
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
    })
    process.exitCode = status
    return status
  } finally {
    process.off('SIGINT', interrupt)
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, forward)
  }
}
