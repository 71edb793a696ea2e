/** The state of each component: what the supervisor reports, compared with the answers of the component itself. */
import type { StateRow } from '#core/process/state-file.ts'
import { COMPONENT_NAMES, type ComponentName, type ComponentView } from '../snapshot.ts'

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
  const state = row ? row.state : 'external'
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

/** Removes user and password from a URL, so that the page may show it. */
function withoutLogin(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return url
  const parsed = new URL(url)
  if (!parsed.username && !parsed.password) return url
  parsed.username = ''
  parsed.password = ''
  return parsed.toString().replace(/\/$/, '')
}
