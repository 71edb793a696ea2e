/** What `chainon up` does: starts the stack, shows where everything is, waits for Ctrl-C or `chainon down`. */
import { readConfig } from '#core/config/read.ts'
import { aligned } from '#core/terminal/table.ts'
import { type FirstRun, firstRun } from './first-run.ts'
import { dataFolder, dataPaths, partsFolder } from './paths.ts'
import { Supervisor } from './supervisor.ts'
import { SERVICES } from './types.ts'

/** npm, a shell and a terminal may each deliver the same Ctrl-C; what comes this soon is the same one. */
const SAME_SIGNAL_MS = 1_000
const LAUNCHER_POLL_MS = 1_000

export interface UpOptions {
  /** Make a first key and stream the sample feed, the first time. */
  readonly sample: boolean
  readonly partsOnly?: true
  readonly ports: 'default' | 'auto'
  readonly dataDir?: string
}

/**
 * @param env usually `process.env`
 * @returns the exit status once it was stopped: 0
 * @throws ConfigurationError or ChainonError when it cannot start; nothing is left running then
 */
export async function up(options: UpOptions, env: NodeJS.ProcessEnv): Promise<number> {
  // All that is written, by this process or its children, is for this user alone.
  process.umask(0o077)
  const started = Date.now()
  const data = dataFolder(env, options.dataDir)
  const cache = partsFolder(env)
  const services = options.partsOnly ? [] : SERVICES
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
  const stopped = untilAsked(supervisor, stopping, launcher)
  try {
    await supervisor.start()
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    await stopped
    return 0
  }
  const ready = Date.now() - started
  const first =
    options.sample && !options.partsOnly
      ? await firstRun(data, { ...env, ...supervisor.environment }, say, stopping.signal)
      : null
  if (!stopping.signal.aborted) say(summary(options, supervisor, data, ready, Date.now() - started, first))
  await stopped
  return 0
}

/** Resolves once somebody asked to stop and all is stopped. */
function untilAsked(supervisor: Supervisor, stopping: AbortController, launcher: number): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const ask = () => {
      if (askedAt === undefined) {
        askedAt = Date.now()
        stopping.abort()
        say('Stopping: services, then parts (Ctrl-C again kills them)')
        void supervisor.stop().then(() => {
          say('Stopped.')
          resolve()
          // Sockets that probes left open must not hold the process.
          setTimeout(() => process.exit(0), 500).unref()
        })
      } else if (Date.now() - askedAt > SAME_SIGNAL_MS) {
        supervisor.killAll()
      }
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask)
    watchLauncher(launcher, ask)
  })
}

/** Under Node 20 a launcher stands between the user and this process; when it is killed, this must stop by itself. */
function watchLauncher(launcher: number, ask: () => void): void {
  if (launcher !== process.ppid) return
  const timer = setInterval(() => {
    if (process.ppid === launcher) return
    clearInterval(timer)
    ask()
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
    .map((row) => [row.name, row.state, row.url ?? '-', took(supervisor.timings.get(row.name))])
  const lines = ['', aligned([['name', 'state', 'where', 'ready after'], ...rows])]
  const facts: string[][] = []
  if (rows.some(([name]) => name === 'console'))
    facts.push(['dashboard', `${supervisor.environment.CHAINON_CONSOLE_URL}/`])
  for (const { producer, key } of first?.keys ?? []) facts.push([`API key of ${producer}`, key])
  const elsewhere = options.dataDir ? ` --data-dir ${options.dataDir}` : ''
  if (!first?.keys.length && !options.partsOnly)
    facts.push(['API keys', `\`npx chainon key ensure${elsewhere}\` shows those of this machine`])
  facts.push(['data and logs', `${data}, ${dataPaths(data).logs}`])
  facts.push(['all ready after', `${took(readyMs)}${first ? `, with the sample ${took(totalMs)}` : ''}`])
  facts.push(['to stop', `Ctrl-C here, or \`npx chainon down${elsewhere}\` in another terminal; data stay`])
  lines.push(aligned(facts))
  for (const problem of first?.problems ?? []) lines.push(`Not done: ${problem}`)
  return lines.join('\n')
}

const took = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`)

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
