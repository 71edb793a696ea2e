import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ChdbResult, drainPending, Session } from 'chdb'
import { EngineError, fromEngine, frontError, type Quotes } from './errors.ts'
import { quoted } from './request.ts'
import type { Role } from './roles.ts'
import { ALL_SETTINGS } from './settings.ts'
import { MAX_TABLES, type Shape } from './told.ts'
import { CLOSED_FUNCTIONS, checkStatement, type EngineNames, namesIn, type WallRequest } from './wall.ts'

interface Waiting {
  start(): void
  fail(error: EngineError): void
}

/** A statement of a caller, as it will run. */
export interface Run {
  readonly role: Role
  /** USE and SET statements of the front. */
  readonly preamble: string
  readonly sql: string
  /** The file of the spool that `sql` names. */
  readonly file?: WallRequest['file']
  /** Is told what the statement is, once the engine's parser has read it. */
  readonly shape?: ((shape: Shape) => void) | undefined
}

/** Checked statements that are remembered: programs send the same text again and again. */
const REMEMBERED = 1000
const REMEMBERED_CHARACTERS = 4096
const TABLES = "SELECT DISTINCT name FROM system.tables WHERE database != 'system'"
/** Of a `normalizedQueryHash`; the engine's `hex` leaves out leading zero bytes. */
const HASH_DIGITS = 16

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
  readonly #names: Names
  /** Undefined for a statement of a program, of which nothing more is told. */
  readonly #checked = new Map<string, Shape | undefined>()
  /** Names of tables, until a statement may have changed them: nobody else has the folder. */
  #tables: Promise<ReadonlySet<string>> | undefined
  readonly #sessions: number
  readonly #queueBound: number
  readonly #waiting: Waiting[] = []
  #running = 0
  #stopping = false
  #ping: Promise<void> | undefined

  private constructor(path: string, anchor: Session, names: Names, version: string, sessions: number, queue: number) {
    this.#path = path
    this.#anchor = anchor
    this.#names = names
    this.version = version
    this.#sessions = sessions
    this.#queueBound = queue
  }

  /**
   * Opens the folder `path`.
   * @param configure writes the server configuration for an engine with these settings, and returns its path
   * @throws Error when another process uses the folder or its files cannot be read.
   */
  static async open(
    path: string,
    configure: (settings: readonly string[]) => string,
    sessions: number,
    queue: number,
  ): Promise<Engine> {
    const anchor = new Session(path, { connectionArgs: [`--config-file=${configure(await settingsOf(path))}`] })
    const version = (await list(anchor, 'SELECT version()')).join('')
    return new Engine(path, anchor, await namesOf(anchor), version, sessions, queue)
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
  async run(run: Run, format: string, disconnected: AbortSignal, quotes: Quotes = 'nothing'): Promise<ChdbResult> {
    await this.#waitForTurn(disconnected)
    try {
      const session = new Session(this.#path)
      try {
        await this.#check(session, run)
        // The role is set before anything of the caller; the text that follows is one statement, so that none can set another.
        await session.queryAsync(`SET ROLE ${run.role.name};\n${run.preamble}`, { format })
        return await session.queryAsync(run.sql, { format }).finally(() => {
          if (!/^\s*(?:SELECT|WITH|INSERT)\b/i.test(run.sql)) this.#tables = undefined
        })
      } finally {
        session.close()
      }
    } catch (error) {
      if (error instanceof EngineError) throw error
      throw fromEngine(error, this.#names.errors, quotes)
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.start()
    }
  }

  /**
   * Lets the engine's own parser read the whole text as one statement, and looks at what it has read.
   * @throws EngineError, or the engine's error of syntax
   */
  async #check(session: Session, { role, sql, file, shape }: Run): Promise<void> {
    const admin = role.name === 'admin'
    // Only the file's name differs between two requests with the same statement.
    const processes = role.grants.some((grant) => grant.endsWith(' ON system.processes'))
    const key = `${admin} ${processes} ${shape !== undefined} ${file?.clause} ${file ? sql.replace(file.path, '') : sql}`
    const known = this.#checked.get(key)
    if (known) shape?.(known)
    if (known || this.#checked.has(key)) return
    const line = `formatQuerySingleLine(${quoted(sql, "'")}) AS line`
    const asked = shape
      ? `SELECT concat(leftPad(lower(hex(normalizedQueryHash(line))), ${HASH_DIGITS}, '0'), line) FROM (SELECT ${line})`
      : `SELECT ${line}`
    const parsed = await session.queryAsync(asked, { format: 'TSVRaw' }).catch((error: unknown) => {
      throw withoutScope(error)
    })
    const answer = parsed.text().trimEnd()
    const text = shape ? answer.slice(HASH_DIGITS) : answer
    const found = shape && {
      fingerprint: answer.slice(0, HASH_DIGITS),
      // No statement fails for the journal.
      tables: await this.#tablesIn(session, text).catch(() => []),
    }
    if (found) shape?.(found)
    checkStatement(file ? { text, admin, processes, file } : { text, admin, processes }, this.#names)
    if (key.length > REMEMBERED_CHARACTERS) return
    if (this.#checked.size >= REMEMBERED) this.#checked.clear()
    this.#checked.set(key, found)
  }

  /** @param text of the engine's parser; a name in it that is no table's is not told, because a caller may write anything there */
  async #tablesIn(session: Session, text: string): Promise<readonly string[]> {
    const asked = (this.#tables ??= list(session, TABLES).then((names) => new Set(names)))
    const tables = await asked.catch((error: unknown) => {
      this.#tables = undefined
      throw error
    })
    return [...namesIn(text)]
      .filter((name) => tables.has(name))
      .toSorted((a, b) => (a < b ? -1 : 1))
      .slice(0, MAX_TABLES)
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

/** What the running engine calls its things. */
interface Names extends EngineNames {
  /** Names of errors by code. */
  readonly errors: ReadonlyMap<number, string>
}

/**
 * Asks an engine on an empty folder, because the real one must have its constraints when it opens: the process has one
 * engine at a time.
 */
async function settingsOf(path: string): Promise<readonly string[]> {
  const empty = mkdtempSync(`${path}-settings-`)
  try {
    const session = new Session(join(empty, 'engine'))
    try {
      return await list(session, ALL_SETTINGS)
    } finally {
      session.close()
    }
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
}

async function namesOf(session: Session): Promise<Names> {
  const errors = new Map<number, string>()
  const codes = "SELECT number, errorCodeToName(number::UInt32) AS name FROM numbers(1, 1200) WHERE name != ''"
  for (const line of await list(session, codes)) {
    const [code = '', name = ''] = line.split('\t')
    errors.set(Number(code), name)
  }
  const closed = CLOSED_FUNCTIONS.map((name) => quoted(name, "'")).join(', ')
  const functions = `SELECT lower(name) FROM system.functions WHERE name IN (${closed}) OR alias_to IN (${closed})`
  return {
    errors,
    tableFunctions: new Set(await list(session, 'SELECT lower(name) FROM system.table_functions')),
    closedFunctions: new Set(await list(session, functions)),
  }
}

/** @returns the lines of the answer */
async function list(session: Session, query: string): Promise<readonly string[]> {
  return (await session.queryAsync(query, { format: 'TSVRaw' })).text().trim().split('\n')
}

/** The engine adds the statement that it ran for the check; the caller has not sent that one. */
function withoutScope(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const at = error.message.indexOf(': In scope SELECT ')
  if (at === -1) return error
  const name = /\([A-Z_]+\)$/.exec(error.message.trimEnd())?.[0] ?? ''
  return new Error(`${error.message.slice(0, at)} ${name}`)
}
