/**
 * The state file of the local stack's supervisor, `<data>/run/state.json`: one row for each process. The only definition, for
 * the supervisor, which writes it (`deploy/local/state.ts`), and for its readers: `chainon status`, `chainon down`, the console.
 */
import Type from 'typebox'
import { complete } from '../schema/complete.ts'
import type { Written } from '../schema/written.ts'

/** The components of the local stack, in the order of the data. */
export const COMPONENTS = ['kafka', 'registry', 'redis', 'clickhouse'] as const
/** The services of the local stack, in the order of the data; the console is last. */
export const SERVICES = ['gateway', 'deidentify', 'linker', 'curate', 'console'] as const
export const PROCESS_NAMES = [...COMPONENTS, ...SERVICES] as const
export type ComponentName = (typeof COMPONENTS)[number]
export type ServiceName = (typeof SERVICES)[number]
export type ProcessName = (typeof PROCESS_NAMES)[number]

const Row = Type.Object({
  name: Type.Enum([...PROCESS_NAMES]),
  pid: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  url: Type.Union([Type.String(), Type.Null()]),
  /** Where its metrics and alarms are, if they have a port of their own. */
  admin_url: Type.Optional(Type.String()),
  state: Type.Enum(['starting', 'running', 'restarting', 'failed', 'stopped', 'external']),
  /** How many times the supervisor restarted it. */
  restarts: Type.Integer({ minimum: 0 }),
  /** ISO 8601, when it entered this state. */
  since: Type.String(),
  /** Why it is in this state, for people; may be empty. */
  message: Type.String(),
  /** Distinguishes the process from a later one with the same pid; see identity.ts. */
  identity: Type.Union([Type.String(), Type.Null()]),
})
const Rows = Type.Array(Row)

/** One row of the state file, and of `chainon status --json`. */
export type StateRow = Written<typeof Row>
export type ProcessState = StateRow['state']

/**
 * @param text of the state file
 * @throws Error with the code `not a state file`
 */
export function parseStateFile(text: string): readonly StateRow[] {
  const rows = complete(Rows, parseJson(text))
  if (rows) return rows
  throw Object.assign(new Error('this is not a state file'), { code: 'not a state file' })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
