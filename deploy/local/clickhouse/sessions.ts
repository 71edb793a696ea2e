import { type ChdbResult, drainPending, Session } from 'chdb'
import { type EngineError, fromEngine, frontError, type Quotes } from './errors.ts'

interface Waiting {
  start(): void
  fail(error: EngineError): void
}

/**
 * The engine: one process-wide ClickHouse on one data folder, and a bounded number of statements that run at the same time.
 *
 * Every statement gets a session of its own (0.5 ms), so nothing that a statement sets applies to the next. One more
 * session stays open: the engine shuts down with its last session.
 */
export class Engine {
  readonly version: string
  readonly #path: string
  readonly #anchor: Session
  readonly #names: ReadonlyMap<number, string>
  readonly #sessions: number
  readonly #queueBound: number
  readonly #waiting: Waiting[] = []
  #running = 0
  #stopping = false
  #ping: Promise<void> | undefined

  private constructor(
    path: string,
    anchor: Session,
    names: ReadonlyMap<number, string>,
    version: string,
    sessions: number,
    queue: number,
  ) {
    this.#path = path
    this.#anchor = anchor
    this.#names = names
    this.version = version
    this.#sessions = sessions
    this.#queueBound = queue
  }

  /**
   * Opens the folder `path` with the server configuration `configFile`.
   * @throws Error when another process uses the folder or its files cannot be read.
   */
  static async open(path: string, configFile: string, sessions: number, queue: number): Promise<Engine> {
    const anchor = new Session(path, { connectionArgs: [`--config-file=${configFile}`] })
    const version = (await anchor.queryAsync('SELECT version()', { format: 'TSVRaw' })).text().trim()
    const list = await anchor.queryAsync(
      "SELECT number, errorCodeToName(number::UInt32) AS name FROM numbers(1, 1200) WHERE name != ''",
      { format: 'TSVRaw' },
    )
    const names = new Map<number, string>()
    for (const line of list.text().trim().split('\n')) {
      const [code = '', name = ''] = line.split('\t')
      names.set(Number(code), name)
    }
    return new Engine(path, anchor, names, version, sessions, queue)
  }

  /** Statements running and waiting now. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length }
  }

  /** Throws when a new statement would be rejected now, before its body is read. */
  admit(): void {
    if (this.#stopping) throw frontError.stopping()
    if (this.#running >= this.#sessions && this.#waiting.length >= this.#queueBound)
      throw frontError.busy(this.#queueBound)
  }

  /**
   * Runs statements in the order in which they come. A statement whose caller disconnects while it waits is not run; a
   * running one runs to its end, because the engine cannot be interrupted.
   * @param quotes what of the caller's data the engine's error text could quote; such text is not passed on
   * @throws EngineError
   */
  async run(sql: string, format: string, disconnected: AbortSignal, quotes: Quotes = 'nothing'): Promise<ChdbResult> {
    await this.#waitForTurn(disconnected)
    try {
      const session = new Session(this.#path)
      try {
        return await session.queryAsync(sql, { format })
      } finally {
        session.close()
      }
    } catch (error) {
      throw fromEngine(error, this.#names, quotes)
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.start()
    }
  }

  /** Runs SELECT 1 outside the queue; calls at the same time share one statement. */
  async ping(): Promise<void> {
    if (this.#stopping) throw frontError.stopping()
    this.#ping ??= this.#anchor
      .queryAsync('SELECT 1', { format: 'TSV' })
      .then(() => undefined)
      .finally(() => {
        this.#ping = undefined
      })
    await this.#ping
  }

  /**
   * Rejects the waiting statements, waits for the running ones and closes the engine.
   * @returns false when statements still run after `ms`; the engine is then still open.
   */
  async close(ms: number): Promise<boolean> {
    this.#stopping = true
    for (const waiting of this.#waiting.splice(0)) waiting.fail(frontError.stopping())
    const late = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), ms).unref()
    })
    const drained = await Promise.race([drainPending().then(() => true), late])
    if (drained) this.#anchor.close()
    return drained
  }

  async #waitForTurn(disconnected: AbortSignal): Promise<void> {
    this.admit()
    if (disconnected.aborted) throw frontError.disconnected()
    if (this.#running < this.#sessions) {
      this.#running += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        const index = this.#waiting.indexOf(waiting)
        if (index !== -1) this.#waiting.splice(index, 1)
        reject(frontError.disconnected())
      }
      const waiting: Waiting = {
        start: () => {
          disconnected.removeEventListener('abort', leave)
          this.#running += 1
          resolve()
        },
        fail: reject,
      }
      this.#waiting.push(waiting)
      disconnected.addEventListener('abort', leave, { once: true })
    })
  }
}
