/** What the local stack is made of: descriptions of processes, and the rows that show their state. */
import type { Key } from '#core/config/keys.ts'

export const PARTS = ['kafka', 'registry', 'redis', 'clickhouse'] as const
export const SERVICES = ['gateway', 'deidentify', 'curate', 'console'] as const
export type PartName = (typeof PARTS)[number]
export type ServiceName = (typeof SERVICES)[number]
export type ProcessName = PartName | ServiceName

/** The variable of each process's address. One that is given for a part replaces it by one that runs elsewhere. */
export const ADDRESS_VARIABLES = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  redis: 'REDIS_URL',
  clickhouse: 'CLICKHOUSE_URL',
  gateway: 'CHAINON_GATEWAY_URL',
  deidentify: 'CHAINON_DEIDENTIFY_URL',
  curate: 'CHAINON_CURATE_URL',
  console: 'CHAINON_CONSOLE_URL',
} as const satisfies Record<ProcessName, Key>

export type ProcessState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopped' | 'external'

/** One row of `<data>/run/state.json`, of `chainon status --json` and of the console's page. */
export interface StateRow {
  readonly name: ProcessName
  readonly pid: number | null
  readonly url: string | null
  readonly state: ProcessState
  /** How many times the supervisor started it again. */
  readonly restarts: number
  /** ISO 8601, when it entered this state. */
  readonly since: string
  /** Why it is in this state, for people; empty when there is nothing to say. */
  readonly message: string
  /** Tells the process from a later one with the same pid; see identity.ts. */
  readonly identity: string | null
}

/** A process that the supervisor starts and keeps alive. */
export interface ProcessSpec {
  readonly name: ProcessName
  readonly url: string
  readonly command: string
  readonly args: readonly string[]
  /** All of its environment; see childEnvironment of managed-process.ts. */
  readonly env: NodeJS.ProcessEnv
  /** Writes configuration files or formats a disk; runs before each start. */
  readonly prepare?: () => Promise<void>
  /** @returns true once it serves; false or a rejection means: ask again. */
  readonly ready: () => Promise<boolean>
  readonly readyTimeoutMs: number
  readonly stopSignal: NodeJS.Signals
  /** Milliseconds between the stop signal and SIGKILL. */
  readonly stopTimeoutMs: number
}
