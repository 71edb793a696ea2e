/** The state of each part: what the supervisor says, held against what the part itself answers. */
import { readFile } from 'node:fs/promises'
import { PART_NAMES, type PartName, type PartState, type PartView } from '../snapshot.ts'

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

/** What asking a part gave; undefined before the first answer or failure. */
export interface Answer {
  readonly ok: boolean
  /** Milliseconds since 1970, since when it is so. */
  readonly since: number
  /** Why not, in words; empty when it answers. */
  readonly problem: string
}

export interface PartEvidence {
  /** The supervisor's row; undefined in production, where there is no supervisor of ours. */
  readonly row: StateRow | undefined
  readonly answer: Answer | undefined
  /** False when the row's process is gone, whatever the supervisor wrote. */
  readonly alive: boolean
  readonly memoryBytes: number | null
  readonly url: string | null
}

/** A process that was just started does not answer yet; nor does one in the second in which it is replaced. */
const PATIENCE_MS = 3_000

/** @returns one row for each part, in the order of the data's way */
export function partViews(
  evidence: Readonly<Record<PartName, PartEvidence>>,
  supervised: boolean,
  now: number,
): readonly PartView[] {
  return PART_NAMES.map((name) => {
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

type Verdict = Pick<PartView, 'state' | 'since' | 'message'>

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
    return { state: 'not-answering', since: null, message: 'its process is gone; the supervisor is about to notice' }
  }
  const up = row && state === 'running' ? 'running' : supervised ? 'external' : 'running'
  if (!answer) return { state: row ? up : 'unknown', since: row?.since ?? null, message: row?.message ?? '' }
  const since = new Date(answer.since).toISOString()
  if (answer.ok)
    return { state: up, since: state === 'running' && row ? row.since : since, message: row?.message ?? '' }
  if (now - answer.since < PATIENCE_MS && row) return { state: up, since: row.since, message: row.message }
  const whose = state === 'external' ? '; it is not started from here' : ''
  return { state: 'not-answering', since, message: `${answer.problem}${whose}` }
}

function knownState(state: string): PartState {
  const known: readonly PartState[] = ['running', 'external', 'starting', 'restarting', 'failed', 'stopped']
  return known.find((name) => name === state) ?? 'unknown'
}

/** A URL for a wall: without user and password. */
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
