/** `chainon up`: starts the stack, prints the address of each process, waits for Ctrl-C or `chainon down`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '#core/config/read.ts'
import { SERVICES } from '#core/process/state-file.ts'
import { aligned } from '#core/terminal/table.ts'
import { type FirstRun, firstRun } from './first-run.ts'
import { componentsFolder, dataFolder, dataPaths } from './paths.ts'
import { Supervisor } from './supervisor.ts'

/** npm, a shell and a terminal may each deliver the same Ctrl-C; signals within this time are one request. */
const SAME_SIGNAL_MS = 1_000
const LAUNCHER_POLL_MS = 1_000

export interface UpOptions {
  /** Make the first API keys and stream the sample feed, at the first start. */
  readonly sample: boolean
  readonly componentsOnly?: true
  readonly ports: 'default' | 'auto'
  readonly dataDir?: string
}

/**
 * @param env usually `process.env`
 * @returns the exit status after it was stopped: 0
 * @throws ConfigurationError or ChainonError when it cannot start; nothing is left running then
 */
export async function up(options: UpOptions, env: NodeJS.ProcessEnv): Promise<number> {
  // Only this user may read what this process and its children write.
  process.umask(0o077)
  const started = Date.now()
  const data = dataFolder(env, options.dataDir)
  const cache = componentsFolder(env)
  const services = options.componentsOnly ? [] : SERVICES
  const supervisor = new Supervisor({
    data,
    cache,
    ports: options.ports,
    services,
    env,
    purpose: 'up',
    say,
  })
  const stopping = new AbortController()
  const { _CHAINON_LAUNCHER_PID: launcher } = readConfig('chainon', ['_CHAINON_LAUNCHER_PID'], env)
  const stopped = untilStopped(supervisor, stopping, launcher)
  try {
    await supervisor.start()
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    await stopped
    return 0
  }
  const ready = Date.now() - started
  const first =
    options.sample && !options.componentsOnly
      ? await firstRun(data, { ...env, ...supervisor.environment }, say, stopping.signal)
      : null
  if (!stopping.signal.aborted) say(summary(options, supervisor, data, ready, Date.now() - started, first))
  await stopped
  return 0
}

/** Resolves when a signal has ended the stack and all processes have stopped. */
function untilStopped(supervisor: Supervisor, stopping: AbortController, launcher: number): Promise<void> {
  return new Promise((resolve) => {
    let stopRequestedAt: number | undefined
    const requestStop = () => {
      if (stopRequestedAt === undefined) {
        stopRequestedAt = Date.now()
        stopping.abort()
        say('Stopping: services, then components (Ctrl-C again kills them)')
        void supervisor.stop().then(() => {
          say('Stopped.')
          resolve()
          // Sockets that probes left open must not keep the process running.
          setTimeout(() => process.exit(0), 500).unref()
        })
      } else if (Date.now() - stopRequestedAt > SAME_SIGNAL_MS) {
        supervisor.killAll()
      }
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, requestStop)
    watchLauncher(launcher, requestStop)
  })
}

/** Under Node 20 a launcher starts this process; when the launcher is killed, this process must stop by itself. */
function watchLauncher(launcher: number, requestStop: () => void): void {
  if (launcher !== process.ppid) return
  const timer = setInterval(() => {
    if (process.ppid === launcher) return
    clearInterval(timer)
    requestStop()
  }, LAUNCHER_POLL_MS)
  timer.unref()
}

function summary(
  options: UpOptions,
  supervisor: Supervisor,
  data: string,
  readyMs: number,
  totalMs: number,
  first: FirstRun | null,
): string {
  const rows = supervisor
    .rows()
    .map((row) => [row.name, row.state, row.url ?? '-', inSeconds(supervisor.timings.get(row.name))])
  const lines = ['', aligned([['name', 'state', 'address', 'ready after'], ...rows])]
  const facts: string[][] = []
  if (rows.some(([name]) => name === 'console'))
    facts.push(['dashboard', `${supervisor.environment.CHAINON_CONSOLE_URL}/`])
  if (rows.some(([name]) => name === 'console')) facts.push(['its login', loginOf(data, first !== null)])
  for (const { producer, key } of first?.keys ?? []) facts.push([`API key of ${producer}`, key])
  const dataDirOption = options.dataDir ? ` --data-dir ${options.dataDir}` : ''
  if (!first?.keys.length && !options.componentsOnly)
    facts.push(['API keys', `\`npx chainon keys ensure${dataDirOption}\` shows the keys of this machine`])
  facts.push(['data and logs', `${data}, ${dataPaths(data).logs}`])
  facts.push(['all ready after', `${inSeconds(readyMs)}${first ? `, with the sample ${inSeconds(totalMs)}` : ''}`])
  facts.push(['to stop', `Ctrl-C here, or \`npx chainon down${dataDirOption}\` in another terminal; the data remain`])
  lines.push(aligned(facts))
  for (const problem of first?.problems ?? []) lines.push(`Not done: ${problem}`)
  return lines.join('\n')
}

/** @returns the operator's password at the first start, later where it is */
function loginOf(data: string, firstTime: boolean): string {
  const file = join(data, 'secrets', 'console', 'operator.password')
  const password = firstTime && existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  return password === undefined
    ? `user operator, password in ${file}`
    : `user operator, password ${password} (kept in ${file})`
}

const inSeconds = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`)

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
