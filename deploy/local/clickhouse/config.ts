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
  readonly password: string
  /** How long a stop waits for running statements. */
  readonly stopMs: number
}

const KEYS = [
  'CHAINON_CLICKHOUSE_HOST',
  'CHAINON_CLICKHOUSE_PORT',
  'CHAINON_CLICKHOUSE_DATA_DIR',
  'CHAINON_CLICKHOUSE_PASSWORD',
  'CHAINON_CLICKHOUSE_MEMORY_LIMIT_BYTES',
  'CHAINON_CLICKHOUSE_SESSIONS',
  'CHAINON_CLICKHOUSE_QUEUE',
  'CHAINON_CLICKHOUSE_MAX_BODY_BYTES',
  'CHAINON_CLICKHOUSE_STOP_MS',
] as const

/**
 * @param env usually `process.env`
 * @throws ConfigurationError that lists every problem
 */
export function frontConfig(env: NodeJS.ProcessEnv): FrontConfig {
  const config = readConfig('clickhouse', KEYS, env)
  const dataDir = resolve(config.CHAINON_CLICKHOUSE_DATA_DIR)
  // The engine reads a path with these as a pattern over many files.
  if (/[*?{}[\]\n\0]/.test(dataDir))
    throw new ConfigurationError('clickhouse cannot start, its configuration is wrong', [
      'CHAINON_CLICKHOUSE_DATA_DIR must not contain any of * ? { } [ ]',
    ])
  return {
    host: config.CHAINON_CLICKHOUSE_HOST,
    port: config.CHAINON_CLICKHOUSE_PORT,
    dataDir,
    memoryLimitBytes: config.CHAINON_CLICKHOUSE_MEMORY_LIMIT_BYTES,
    sessions: config.CHAINON_CLICKHOUSE_SESSIONS,
    queue: config.CHAINON_CLICKHOUSE_QUEUE,
    maxBodyBytes: config.CHAINON_CLICKHOUSE_MAX_BODY_BYTES,
    password: config.CHAINON_CLICKHOUSE_PASSWORD,
    stopMs: config.CHAINON_CLICKHOUSE_STOP_MS,
  }
}
