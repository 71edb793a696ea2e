/** The state of each component: what the supervisor says, compared with what the component itself answers. */
import type { StateRow } from '#core/process/state-file.ts'
import { COMPONENT_NAMES, type ComponentName, type ComponentView } from '../snapshot.ts'

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
  const state = row ? row.state : 'external'
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

/** A URL that a page may show: without user and password. */
function withoutLogin(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return url
  const parsed = new URL(url)
  if (!parsed.username && !parsed.password) return url
  parsed.username = ''
  parsed.password = ''
  return parsed.toString().replace(/\/$/, '')
}
