/** The processes of the local stack: their names, and how each is started. */
import type { Key } from '#core/config/keys.ts'
import type { ProcessName } from '#core/process/state-file.ts'
import type { SystemUser } from './separate-user.ts'

/** The variable of each process's address. When it is given for a component, that component is not started here. */
export const ADDRESS_VARIABLES = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  redis: 'REDIS_URL',
  clickhouse: 'CLICKHOUSE_URL',
  gateway: 'CHAINON_GATEWAY_URL',
  deidentify: 'CHAINON_DEIDENTIFY_URL',
  linker: 'CHAINON_LINKER_URL',
  curate: 'CHAINON_CURATE_URL',
  console: 'CHAINON_CONSOLE_URL',
} as const satisfies Record<ProcessName, Key>

/** Where metrics and alarms are, for services that have a port of their own for them. */
export const ADMIN_VARIABLES = {
  gateway: 'CHAINON_GATEWAY_ADMIN_URL',
  console: 'CHAINON_CONSOLE_ADMIN_URL',
} as const satisfies Partial<Record<ProcessName, Key>>

/** After standard input, outputs, and the pipe of stop-with-parent.mjs. */
export const LINES_FD = 4

/** A process that the supervisor starts, and restarts when it ends. */
export interface ProcessSpec {
  readonly name: ProcessName
  readonly url: string
  readonly adminUrl?: string
  readonly command: string
  readonly args: readonly string[]
  /** Who runs it, when not this user. */
  readonly user?: SystemUser
  /** All of its environment; see childEnvironment of managed-process.ts. */
  readonly env: NodeJS.ProcessEnv
  /** Takes lines that it writes on descriptor `LINES_FD`. */
  readonly lines?: (line: string) => void
  /** Writes configuration files or formats a disk; runs before each start. */
  readonly prepare?: () => Promise<void>
  /** @returns true when it serves; after false or a rejection it is called again */
  readonly ready: () => Promise<boolean>
  readonly readyTimeoutMs: number
  readonly stopSignal: NodeJS.Signals
  /** Milliseconds between the stop signal and SIGKILL. */
  readonly stopTimeoutMs: number
}
