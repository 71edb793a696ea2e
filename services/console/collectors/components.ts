/** The state of each component: what the supervisor says, compared with what the component itself answers. */
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
  /** Milliseconds since 1970, since when it is so. */
  readonly since: number
  /** Why not, for people; empty when it answers. */
  readonly problem: string
}

export interface ComponentEvidence {
  /** The supervisor's row; undefined where Chainon's own supervisor does not run. */
  readonly row: StateRow | undefined
  /** Undefined before the first answer or failure. */
  readonly answer: Answer | undefined
  /** False when the row's process does not exist any more, whatever the supervisor wrote. */
  readonly alive: boolean
  readonly memoryBytes: number | null
  readonly url: string | null
}

/** A process that has just started does not answer yet, nor does one that is being replaced. */
const PATIENCE_MS = 3_000

/** @returns one row for each component, dependencies first, then the services in the order of the data */
export function componentViews(
  evidence: Readonly<Record<ComponentName, ComponentEvidence>>,
  supervised: boolean,
  now: number,
): readonly ComponentView[] {
  return COMPONENT_NAMES.map((name) => {
    const { row, answer, alive, memoryBytes, url } = evidence[name]
    const verdict = judge(row, answer, alive, supervised, now)
    const shown = verdict.state === 'running' || verdict.state === 'external'
    return {
      name,
      ...verdict,
      pid: row?.pid ?? null,
      url: withoutLogin(row?.url ?? url),
      restarts: row?.restarts ?? null,
      memory_bytes: shown || verdict.state === 'not-answering' ? memoryBytes : null,
    }
  })
}

type Verdict = Pick<ComponentView, 'state' | 'since' | 'message'>

function judge(
  row: StateRow | undefined,
  answer: Answer | undefined,
  alive: boolean,
  supervised: boolean,
  now: number,
): Verdict {
  const state = row ? knownState(row.state) : 'external'
  if (row && state !== 'running' && state !== 'external') return { state, since: row.since, message: row.message }
  if (row && state === 'running' && !alive) {
    return {
      state: 'not-answering',
      since: null,
      message: 'its process does not exist any more; the supervisor has not restarted it yet',
    }
  }
  const up = row && state === 'running' ? 'running' : supervised ? 'external' : 'running'
  if (!answer) return { state: row ? up : 'unknown', since: row?.since ?? null, message: row?.message ?? '' }
  const since = new Date(answer.since).toISOString()
  if (answer.ok)
    return { state: up, since: state === 'running' && row ? row.since : since, message: row?.message ?? '' }
  if (now - answer.since < PATIENCE_MS && row) return { state: up, since: row.since, message: row.message }
  const whose = state === 'external' ? '; Chainon does not start it on this machine' : ''
  return { state: 'not-answering', since, message: `${answer.problem}${whose}` }
}

function knownState(state: string): ComponentState {
  const known: readonly ComponentState[] = ['running', 'external', 'starting', 'restarting', 'failed', 'stopped']
  return known.find((name) => name === state) ?? 'unknown'
}

/** A URL that a page may show: without user and password. */
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

/** @returns whether a process with this id exists; true without an id, when there is nothing to check */
export function processExists(pid: number | null): boolean {
  if (pid === null) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** @returns resident memory in bytes where the system has /proc (Linux); else null */
export async function memoryOf(pid: number | null): Promise<number | null> {
  if (pid === null) return null
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}
