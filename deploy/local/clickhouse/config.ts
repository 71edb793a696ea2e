import { resolve } from 'node:path'

/** What the front needs to run. Sizes in bytes, times in milliseconds. */
export interface FrontConfig {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly memoryLimitBytes: number
  /** Statements that run side by side. */
  readonly sessions: number
  /** Statements that may wait for a session; one more is answered 503. */
  readonly queue: number
  /** Largest request body, after decompression. */
  readonly maxBodyBytes: number
  readonly password: string
  /** How long a stop waits for running statements. */
  readonly stopMs: number
}

interface NumberKey {
  readonly name: string
  readonly fallback: number
  readonly min: number
  readonly max: number
}

const GIB = 1024 ** 3
const PREFIX = 'CHAINON_CLICKHOUSE_'
const PORT: NumberKey = { name: `${PREFIX}PORT`, fallback: 8123, min: 0, max: 65_535 }
const SESSIONS: NumberKey = { name: `${PREFIX}SESSIONS`, fallback: 6, min: 1, max: 64 }
const QUEUE: NumberKey = { name: `${PREFIX}QUEUE`, fallback: 200, min: 0, max: 100_000 }
const STOP: NumberKey = { name: `${PREFIX}STOP_MS`, fallback: 15_000, min: 0, max: 600_000 }
const MEMORY: NumberKey = {
  name: `${PREFIX}MEMORY_LIMIT_BYTES`,
  fallback: 4 * GIB,
  min: 256 * 1024 ** 2,
  max: 1024 * GIB,
}
const BODY: NumberKey = { name: `${PREFIX}MAX_BODY_BYTES`, fallback: GIB / 2, min: 1024, max: 64 * GIB }

/**
 * Reads the front's configuration.
 * @returns the configuration, or every error at once, one sentence each.
 */
export function readConfig(env: NodeJS.ProcessEnv): { config: FrontConfig } | { errors: readonly string[] } {
  const errors: string[] = []
  const number = (key: NumberKey): number => {
    const text = env[key.name]
    if (text === undefined || text === '') return key.fallback
    const value = Number(text)
    if (Number.isInteger(value) && value >= key.min && value <= key.max) return value
    errors.push(`${key.name} must be a whole number from ${key.min} to ${key.max}`)
    return key.fallback
  }
  const dataDir = resolve(env[`${PREFIX}DATA_DIR`] || '.chainon/clickhouse')
  // The engine reads a path with these as a pattern over many files.
  if (/[*?{}[\]\n\0]/.test(dataDir)) errors.push(`${PREFIX}DATA_DIR must not contain any of * ? { } [ ]`)
  const config: FrontConfig = {
    host: env[`${PREFIX}HOST`] || '127.0.0.1',
    port: number(PORT),
    dataDir,
    memoryLimitBytes: number(MEMORY),
    sessions: number(SESSIONS),
    queue: number(QUEUE),
    maxBodyBytes: number(BODY),
    password: env[`${PREFIX}PASSWORD`] ?? '',
    stopMs: number(STOP),
  }
  return errors.length > 0 ? { errors } : { config }
}
