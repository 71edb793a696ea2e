/** One process of the stack: started, watched, restarted with back-off when it ends, stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { identityOf } from '#core/process/identity.ts'
import type { ProcessState, StateRow } from '#core/process/state-file.ts'
import { stopWithParent } from '#core/process/stop-with-parent.ts'
import { fullDiskRemark, unusable } from './data-folder.ts'
import { logPath, logTail, openLog, rotateAtStart, rotateIfLarge } from './log-file.ts'
import { ROOT } from './paths.ts'
import { LINES_FD, type ProcessSpec } from './types.ts'

const POLL_MS = 60
const BACKOFF_MIN_MS = 200
const BACKOFF_MAX_MS = 10_000
const BACKOFF_RESET_AFTER_MS = 30_000
const CONFIGURATION_RETRY_MS = 30_000
const FIRST_START_TRIES = 3
const EXIT_CONFIGURATION = 78

/** `why`: it could not be started. */
type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly why?: string }

export class ManagedProcess {
  readonly spec: ProcessSpec
  readonly #logs: string
  readonly #changed: () => void
  readonly #stopped = new AbortController()
  #row: StateRow
  #child: ChildProcess | undefined
  #ended: Promise<Ended> | undefined
  #watch: Promise<void> | undefined
  #startedAt = 0
  #backoff = BACKOFF_MIN_MS

  /** @param changed called after each change of `row` */
  constructor(spec: ProcessSpec, logs: string, changed: () => void) {
    this.spec = spec
    this.#logs = logs
    this.#changed = changed
    this.#row = {
      name: spec.name,
      pid: null,
      url: spec.url,
      ...(spec.adminUrl === undefined ? {} : { admin_url: spec.adminUrl }),
      state: 'starting',
      restarts: 0,
      since: new Date().toISOString(),
      message: '',
      identity: null,
    }
  }

  get row(): StateRow {
    return this.#row
  }

  /**
   * Starts it for the first time and resolves when it serves; from then on it is restarted whenever it ends.
   *
   * @throws ConfigurationError when it exits with 78; ChainonError (dependency) when it does not serve in time
   */
  start(): Promise<void> {
    rotateAtStart(this.#logs, this.spec.name)
    const first = this.#firstStart()
    this.#watch = first.then(
      () => this.#keepAlive(),
      () => undefined,
    )
    return first
  }

  /** Sends the stop signal, waits, and kills the process when it does not end in time. Does nothing when there is no process. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'))
    const child = this.#child
    if (child && this.#ended) {
      child.kill(this.spec.stopSignal)
      const timer = setTimeout(() => this.kill('SIGKILL'), this.spec.stopTimeoutMs)
      await this.#ended
      clearTimeout(timer)
    }
    await this.#watch
    this.#set('stopped', '', null)
  }

  /** Sends a signal to the process; SIGKILL also goes to every process that it started. */
  kill(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      process.kill(signal === 'SIGKILL' && process.platform !== 'win32' ? -pid : pid, signal)
    } catch {
      // It has ended meanwhile.
    }
  }

  rotateLog(): void {
    rotateIfLarge(this.#logs, this.spec.name)
  }

  async #firstStart(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const ended = await this.#launch('starting')
      this.#stopped.signal.throwIfAborted()
      if (ended === null) return
      const { name } = this.spec
      const tail = logTail(this.#logs, name, 5)
      if (ended.code === EXIT_CONFIGURATION) {
        this.#set('failed', 'its configuration is wrong', null)
        throw new ConfigurationError(`${name} cannot start`, tail)
      }
      if (attempt === FIRST_START_TRIES) {
        this.#set('failed', describe(ended), null)
        const more = `More in ${logPath(this.#logs, name)}`
        throw new ChainonError(
          'dependency-unavailable',
          `${name} did not start: ${describe(ended)}.\n${tail.join('\n')}\n${more}`,
        )
      }
      await this.#wait(this.#nextBackoff())
    }
  }

  async #keepAlive(): Promise<void> {
    for (;;) {
      const ended = await this.#ended
      if (this.#stopped.signal.aborted || !ended) return
      if (Date.now() - this.#startedAt >= BACKOFF_RESET_AFTER_MS) this.#backoff = BACKOFF_MIN_MS
      const misconfigured = ended.code === EXIT_CONFIGURATION
      const delay = misconfigured ? CONFIGURATION_RETRY_MS : this.#nextBackoff()
      const why = misconfigured
        ? `its configuration is wrong: ${logTail(this.#logs, this.spec.name, 1).join('')}`
        : `${describe(ended)}${fullDiskRemark(dirname(this.#logs))}`
      this.#set(misconfigured ? 'failed' : 'restarting', `${why}; restarts in ${delay / 1000} s`, null)
      await this.#wait(delay)
      if (this.#stopped.signal.aborted) return
      this.#row = { ...this.#row, restarts: this.#row.restarts + 1 }
      const failed = await this.#launch('restarting', `${why}; restarting`).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        this.#ended = Promise.resolve({ code: 1, signal: null, why })
        return { error }
      })
      if (failed === null && !this.#stopped.signal.aborted)
        this.#set('running', `restarted: ${why}`, this.#child?.pid ?? null)
    }
  }

  /** @returns null once it serves, or how it ended before */
  async #launch(state: ProcessState, message = ''): Promise<Ended | null> {
    this.#set(state, message, null)
    let ended: Promise<Ended>
    try {
      await this.spec.prepare?.()
      if (this.#stopped.signal.aborted) return null
      ended = this.#spawn(state, message)
    } catch (error) {
      throw error instanceof ChainonError ? error : unusable(dirname(this.#logs), error)
    }
    let end: Ended | undefined
    void ended.then((value) => (end = value))
    const deadline = Date.now() + this.spec.readyTimeoutMs
    while (!end) {
      if (this.#stopped.signal.aborted) return ended
      if (await this.spec.ready().catch(() => false)) {
        // Another process that uses the port may answer the probe: only a running child counts.
        if (end) break
        if (state === 'starting') this.#set('running', '', this.#child?.pid ?? null)
        return null
      }
      if (Date.now() > deadline) this.kill('SIGKILL')
      await sleep(POLL_MS)
    }
    return end
  }

  #spawn(state: ProcessState, message: string): Promise<Ended> {
    const log = openLog(this.#logs, this.spec.name)
    const [command, args] = stopWithParent(this.spec.command, this.spec.args)
    // Its own process group: Ctrl-C in the terminal must reach the supervisor alone, which stops the processes in order.
    const child = spawn(command, args, {
      cwd: ROOT,
      env: this.spec.env,
      detached: true,
      stdio: ['ignore', log, log, 'pipe', ...(this.spec.lines ? ['pipe' as const] : [])],
      ...this.spec.user,
    })
    closeSync(log)
    child.stdio[3]?.on('error', () => undefined)
    const told = this.spec.lines ? readLines(child.stdio[LINES_FD] as Readable, this.spec.lines) : Promise.resolve()
    this.#child = child
    this.#startedAt = Date.now()
    const ended = new Promise<Ended>((resolve) => {
      child.on('error', () => resolve({ code: 127, signal: null }))
      // What it told before its end is read, too.
      child.on('exit', (code, signal) => void told.then(() => resolve({ code, signal })))
    })
    this.#ended = ended
    this.#set(state, message, child.pid ?? null)
    return ended
  }

  #set(state: ProcessState, message: string, pid: number | null): void {
    const identity = pid === null ? null : identityOf(pid)
    this.#row = { ...this.#row, state, message, pid, identity, since: new Date().toISOString() }
    this.#changed()
  }

  #nextBackoff(): number {
    const delay = this.#backoff
    this.#backoff = Math.min(delay * 2, BACKOFF_MAX_MS)
    return delay
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopped.signal }).catch(() => undefined)
  }
}

/** @returns resolves at the end of the stream */
async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  const ended = once(stream, 'close').catch(() => undefined)
  createInterface(stream).on('line', take)
  await ended
}

function describe(ended: Ended): string {
  if (ended.why) return ended.why
  if (ended.signal) return `it was killed by ${ended.signal}`
  if (ended.code === 127) return 'its program could not be run'
  return `it ended with status ${ended.code}`
}

/** @returns the environment of a child: the supervisor's own, with these values, without the launcher's own variables */
export function childEnvironment(own: NodeJS.ProcessEnv, values: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { _CHAINON_LAUNCHER_PID: _launcher, ...inherited } = own
  return { ...inherited, ...values, _CHAINON_SUPERVISED: '1' }
}
