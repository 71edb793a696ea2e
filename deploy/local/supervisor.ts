/**
 * The supervisor of the local stack: starts the components together, then runs `provision`, then starts the services; restarts
 * what ends; writes the state file at each change; stops everything in reverse order. `chainon up`, the tests and the load test
 * all use it.
 */
import { ConfigurationError } from '#core/faults/errors.ts'
import { type Lock, tryLock } from '#core/process/lock.ts'
import {
  COMPONENTS,
  PROCESS_NAMES,
  type ProcessName,
  SERVICES,
  type ServiceName,
  type StateRow,
} from '#core/process/state-file.ts'
import { prepareDataFolder, unusable } from './data-folder.ts'
import { ManagedProcess } from './managed-process.ts'
import { type DataPaths, dataPaths } from './paths.ts'
import { makePlan, type Plan, type PlanOptions, shown } from './plan.ts'
import { provision, service } from './services.ts'
import { writeState } from './state.ts'
import { sweep } from './sweep.ts'

const ROTATE_EVERY_MS = 10_000
const WRITE_AGAIN_MS = 1_000

export interface SupervisorOptions extends PlanOptions {
  /** Variables of one service that replace those of the stack, for instance the address of a proxy. */
  readonly serviceEnvironment?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>
  /** `up` may be stopped by `chainon down`; an `embedded` stack is stopped by the program that started it. */
  readonly purpose: 'up' | 'embedded'
  /** Receives the lines that a person sees while it starts. */
  readonly say: (line: string) => void
}

export class Supervisor {
  /** Milliseconds until each process, and `provision`, was ready; counted from its own start. */
  readonly timings = new Map<string, number>()
  readonly #options: SupervisorOptions
  readonly #paths: DataPaths
  readonly #processes = new Map<ProcessName, ManagedProcess>()
  readonly #stopping = new AbortController()
  readonly #externalSince = new Date().toISOString()
  #plan: Plan | undefined
  #lock: Lock | undefined
  #rotation: NodeJS.Timeout | undefined
  #writeAgain: NodeJS.Timeout | undefined
  #writeFailed = false
  #stopped: Promise<void> | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#paths = dataPaths(options.data)
  }

  /**
   * Resolves when all processes serve. On a failure, all that was started is stopped before it rejects.
   *
   * @throws ConfigurationError, or ChainonError for a process that does not serve in time
   */
  async start(): Promise<void> {
    try {
      await this.#start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** The address of each component and service, as variables for services and commands; after `start`. */
  get environment(): Readonly<Record<string, string>> {
    if (!this.#plan) throw new Error('the stack has not started')
    return this.#plan.environment
  }

  /** Variables with which a program logs in to the local components; after `start`. */
  login(user: string): Readonly<Record<string, string>> {
    if (!this.#plan) throw new Error('the stack has not started')
    return this.#plan.login(user)
  }

  /** @returns a row for each process of this stack */
  rows(): StateRow[] {
    return PROCESS_NAMES.flatMap((name) => {
      const row = this.#processes.get(name)?.row ?? this.#externalRow(name)
      return row ? [row] : []
    })
  }

  /** @throws Error when this stack does not run it */
  process(name: ProcessName): ManagedProcess {
    const found = this.#processes.get(name)
    if (!found) throw new Error(`this stack does not run ${name}`)
    return found
  }

  /** Stops the services, then the components, and unlocks the data folder. It may be called at any time, and more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** For the second Ctrl-C: kills without waiting. */
  killAll(): void {
    for (const running of this.#processes.values()) running.kill('SIGKILL')
  }

  async #start(): Promise<void> {
    const { data, say, purpose, services, serviceEnvironment, env } = this.#options
    const warning = prepareDataFolder(data)
    if (warning) say(`Warning: ${warning}`)
    const lock = tryLock(this.#paths.lockFile, purpose)
    if ('heldBy' in lock) {
      throw new ConfigurationError('Chainon already runs', [
        `process ${lock.heldBy.pid} uses the data folder ${data} (\`npx chainon status\` shows it): stop it with \`npx chainon down\`, ` +
          'or start a second one with `--data-dir <folder> --ports auto`',
      ])
    }
    this.#lock = lock
    const stopped = await sweep(data)
    if (stopped.length > 0)
      say(
        `Stopped processes that an earlier start left: ${stopped.map((row) => `${row.name} (pid ${row.pid})`).join(', ')}`,
      )
    const plan = await makePlan(this.#options)
    this.#plan = plan
    if (this.#options.purpose === 'up') for (const warning of plan.warnings) say(`Note: ${warning}`)
    await plan.install(this.#stopping.signal)
    this.#rotation = setInterval(() => this.#rotateLogs(), ROTATE_EVERY_MS)
    this.#rotation.unref()
    await this.#startAll(
      plan.components().map((spec) => new ManagedProcess(spec, this.#paths.logs, () => this.#write())),
    )
    if (services.length === 0) return
    await this.#timed('provision', () =>
      provision({ ...plan.environment, ...plan.login('provision') }, env, this.#stopping.signal),
    )
    const specs = services.map((name) =>
      service(name, { ...plan.environment, ...plan.login(name), ...serviceEnvironment?.[name] }, plan.ports, env),
    )
    await this.#startAll(specs.map((spec) => new ManagedProcess(spec, this.#paths.logs, () => this.#write())))
  }

  async #startAll(processes: readonly ManagedProcess[]): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    for (const managed of processes) this.#processes.set(managed.spec.name, managed)
    this.#write()
    await Promise.all(processes.map((managed) => this.#timed(managed.spec.name, () => managed.start())))
  }

  async #timed(name: string, run: () => Promise<void>): Promise<void> {
    const started = Date.now()
    await run()
    this.timings.set(name, Date.now() - started)
    this.#options.say(`${name} is ready (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(new Error('stopped'))
    clearInterval(this.#rotation)
    const group = (names: readonly ProcessName[]) => names.flatMap((name) => this.#processes.get(name) ?? [])
    await Promise.all(group(SERVICES).map((managed) => managed.stop()))
    await Promise.all(group(COMPONENTS).map((managed) => managed.stop()))
    if (!this.#lock) return
    this.#write()
    this.#lock.release()
  }

  /** A full disk must not end the supervisor, because only it restarts the processes that end by it: the file is written later. */
  #write(): void {
    if (!this.#lock) return
    clearTimeout(this.#writeAgain)
    let failure: unknown
    try {
      failure = writeState(this.#paths, this.rows())
    } catch (error) {
      failure = error
    }
    if (failure && !this.#writeFailed) this.#options.say(unusable(this.#options.data, failure).message)
    this.#writeFailed = Boolean(failure)
    if (!failure || this.#stopped) return
    this.#writeAgain = setTimeout(() => this.#write(), WRITE_AGAIN_MS)
    this.#writeAgain.unref()
  }

  #rotateLogs(): void {
    for (const managed of this.#processes.values()) managed.rotateLog()
  }

  #externalRow(name: ProcessName): StateRow | null {
    const url = (this.#plan?.external as ReadonlyMap<ProcessName, string> | undefined)?.get(name)
    if (url === undefined) return null
    const state = this.#stopped ? 'stopped' : 'external'
    return {
      name,
      pid: null,
      url: shown(url),
      state,
      restarts: 0,
      since: this.#externalSince,
      message: 'not started here',
      identity: null,
    }
  }
}
