/** The state of each component: what the supervisor reports, compared with the answers of the component itself. */
import { readFile } from 'node:fs/promises'
import { COMPONENT_NAMES, type ComponentName, type ComponentState, type ComponentView } from '../snapshot.ts'

/** One row of the supervisor's state file; deploy/local/types.ts writes it. */
export interface StateRow {
  readonly name: string
  readonly pid: number | null
  readonly url: string | null
  readonly state: string
  readonly restarts: number
  readonly since: string
  readonly message: string
}

/** The last answer or failure of a component. */
export interface Answer {
  readonly ok: boolean
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  /** Why it does not answer, as text; empty when it answers. */
  readonly problem: string
}

export interface ComponentReading {
  /** The supervisor's row; undefined if Chainon's own supervisor does not run. */
  readonly row: StateRow | undefined
  /** Undefined before the first answer or failure. */
  readonly answer: Answer | undefined
  /** False when the row's process no longer exists, even if the supervisor wrote that it runs. */
  readonly alive: boolean
  readonly memoryBytes: number | null
  readonly url: string | null
}

/** A process that has just started, or that is being replaced, does not answer yet. */
const GRACE_MS = 3_000

/** @returns one row for each component: the dependencies, then the services in the order in which a record passes them */
export function componentViews(
  readings: Readonly<Record<ComponentName, ComponentReading>>,
  supervised: boolean,
  now: number,
): readonly ComponentView[] {
  return COMPONENT_NAMES.map((name) => {
    const { row, answer, alive, memoryBytes, url } = readings[name]
    const current = currentState(row, answer, alive, supervised, now)
    const shown = current.state === 'running' || current.state === 'external'
    return {
      name,
      ...current,
      pid: row?.pid ?? null,
      url: withoutLogin(row?.url ?? url),
      restarts: row?.restarts ?? null,
      memory_bytes: shown || current.state === 'not-answering' ? memoryBytes : null,
    }
  })
}

type CurrentState = Pick<ComponentView, 'state' | 'since' | 'message'>

function currentState(
  row: StateRow | undefined,
  answer: Answer | undefined,
  alive: boolean,
  supervised: boolean,
  now: number,
): CurrentState {
  const state = row ? knownState(row.state) : 'external'
  if (row && state !== 'running' && state !== 'external') return { state, since: row.since, message: row.message }
  if (row && state === 'running' && !alive) {
    return {
      state: 'not-answering',
      since: null,
      message: 'its process no longer exists; the supervisor has not restarted it yet',
    }
  }
  const up = row && state === 'running' ? 'running' : supervised ? 'external' : 'running'
  if (!answer) return { state: row ? up : 'unknown', since: row?.since ?? null, message: row?.message ?? '' }
  const since = new Date(answer.since).toISOString()
  if (answer.ok)
    return { state: up, since: state === 'running' && row ? row.since : since, message: row?.message ?? '' }
  if (now - answer.since < GRACE_MS && row) return { state: up, since: row.since, message: row.message }
  const whose = state === 'external' ? '; Chainon does not start it on this machine' : ''
  return { state: 'not-answering', since, message: `${answer.problem}${whose}` }
}

function knownState(state: string): ComponentState {
  const known: readonly ComponentState[] = ['running', 'external', 'starting', 'restarting', 'failed', 'stopped']
  return known.find((name) => name === state) ?? 'unknown'
}

/** Removes user and password from a URL, so that the page may show it. */
function withoutLogin(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return url
  const parsed = new URL(url)
  if (!parsed.username && !parsed.password) return url
  parsed.username = ''
  parsed.password = ''
  return parsed.toString().replace(/\/$/, '')
}

/** @throws when the file cannot be read or is not the supervisor's */
export async function readStateFile(path: string): Promise<readonly StateRow[]> {
  const rows: unknown = JSON.parse(await readFile(path, 'utf8'))
  if (!Array.isArray(rows)) throw Object.assign(new Error('not a state file'), { code: 'not an array' })
  return rows as readonly StateRow[]
}

/** @returns whether a process with this id exists; true without an id, because then nothing can be checked */
export function processExists(pid: number | null): boolean {
  if (pid === null) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** @returns resident memory in bytes if the system has /proc (Linux); otherwise null */
export async function memoryOf(pid: number | null): Promise<number | null> {
  if (pid === null) return null
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}
