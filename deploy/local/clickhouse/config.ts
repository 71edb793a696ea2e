import { resolve } from 'node:path'
import { readConfig } from '#core/config/read.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

/** Configuration of the front. Sizes in bytes, times in milliseconds. */
export interface FrontConfig {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly memoryLimitBytes: number
  /** Statements that run at the same time. */
  readonly sessions: number
  /** Statements that may wait for a session; one more is answered 503. */
  readonly queue: number
  /** Largest request body, after decompression. */
  readonly maxBodyBytes: number
  /** Users and SHA-256 of their passwords; empty when the front makes them itself. */
  readonly usersFile: string
  /** Warehouses: the roles get rights on these. */
  readonly databases: readonly string[]
  /** Of a pipe to the supervisor, which takes events of the access journal; 0: there is none. */
  readonly journalDescriptor: number
  /** How long a stop waits for running statements. */
  readonly stopMs: number
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/

const KEYS = [
  'CHAINON_CLICKHOUSE_HOST',
  'CHAINON_CLICKHOUSE_PORT',
  'CHAINON_CLICKHOUSE_DATA_DIR',
  'CHAINON_CLICKHOUSE_USERS_FILE',
  'CHAINON_CLICKHOUSE_DATABASES',
  'CHAINON_CLICKHOUSE_MEMORY_LIMIT_BYTES',
  'CHAINON_CLICKHOUSE_SESSIONS',
  'CHAINON_CLICKHOUSE_QUEUE',
  'CHAINON_CLICKHOUSE_MAX_BODY_BYTES',
  'CHAINON_CLICKHOUSE_STOP_MS',
  '_CHAINON_JOURNAL_FD',
] as const

/**
 * @param env usually `process.env`
 * @throws ConfigurationError that lists every problem
 */
export function frontConfig(env: NodeJS.ProcessEnv): FrontConfig {
  const config = readConfig('clickhouse', KEYS, env)
  const dataDir = resolve(config.CHAINON_CLICKHOUSE_DATA_DIR)
  const problems: string[] = []
  // The engine reads a path with these as a pattern over many files.
  if (/[*?{}[\]\n\0]/.test(dataDir)) problems.push('CHAINON_CLICKHOUSE_DATA_DIR must not contain any of * ? { } [ ]')
  // Passwords would cross a network in clear text.
  if (!LOOPBACK.test(config.CHAINON_CLICKHOUSE_HOST))
    problems.push('CHAINON_CLICKHOUSE_HOST must be an address of this machine alone: 127.0.0.1, ::1 or localhost')
  if (!config.CHAINON_CLICKHOUSE_DATABASES.every((name) => /^[A-Za-z_]\w*$/.test(name)))
    problems.push('CHAINON_CLICKHOUSE_DATABASES must be names of databases: letters, digits and _')
  if (problems.length > 0) throw new ConfigurationError('clickhouse cannot start, its configuration is wrong', problems)
  return {
    host: config.CHAINON_CLICKHOUSE_HOST,
    port: config.CHAINON_CLICKHOUSE_PORT,
    dataDir,
    memoryLimitBytes: config.CHAINON_CLICKHOUSE_MEMORY_LIMIT_BYTES,
    sessions: config.CHAINON_CLICKHOUSE_SESSIONS,
    queue: config.CHAINON_CLICKHOUSE_QUEUE,
    maxBodyBytes: config.CHAINON_CLICKHOUSE_MAX_BODY_BYTES,
    usersFile: config.CHAINON_CLICKHOUSE_USERS_FILE,
    databases: config.CHAINON_CLICKHOUSE_DATABASES,
    journalDescriptor: config._CHAINON_JOURNAL_FD,
    stopMs: config.CHAINON_CLICKHOUSE_STOP_MS,
  }
}
