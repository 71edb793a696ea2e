/** The Redis client of every service. It reconnects until it is disconnected; what a command does meanwhile is an option. */
import { Redis } from 'ioredis'
import { authority } from '../config/authority.ts'
import type { Config } from '../config/read.ts'
import { errorCode } from '../faults/describe-failure.ts'
import type { Logger } from '../telemetry/logger.ts'

export const REDIS_KEYS = ['REDIS_URL', 'REDIS_TLS_CA_FILE', 'REDIS_USERNAME', 'REDIS_PASSWORD'] as const
export type RedisConfig = Config<(typeof REDIS_KEYS)[number]>

export interface RedisClientOptions {
  /**
   * Milliseconds after which a command fails: for callers that need an answer soon. Without it a command waits through a short outage
   * (ten attempts to connect), at most 15 s: for workers, whose scripts are idempotent.
   */
  readonly giveUpAfterMs?: number
  /**
   * False: a command fails at once while there is no connection, and is not sent again after one that broke. For a caller that must
   * check what the server knows before it goes on with it.
   */
  readonly resend?: boolean
  /** Called at each failure of the connection. */
  readonly onUnreachable?: () => void
  /** Called each time that Redis is ready for commands. */
  readonly onReady?: () => void
}

const CONNECT_ATTEMPTS = 10
const WORKER_COMMAND_MS = 15_000
/** A connection on which a command gets no data for so long is closed, and a new one made: its other end may be gone. */
const SILENT_CONNECTION_MS = 10_000

/** @throws ConfigurationError when the file of its certificate authority cannot be used */
export function redisClient(config: RedisConfig, logger: Logger, options: RedisClientOptions = {}): Redis {
  const { giveUpAfterMs, resend = true, onUnreachable, onReady } = options
  const encrypted = config.REDIS_URL.startsWith('rediss:')
  const ca = authority('REDIS_TLS_CA_FILE', config.REDIS_TLS_CA_FILE, encrypted, 'REDIS_URL must begin with rediss://')
  const redis = new Redis(config.REDIS_URL, {
    ...(ca ? { tls: { ca } } : {}),
    // A login in the URL goes before these.
    ...(config.REDIS_USERNAME ? { username: config.REDIS_USERNAME } : {}),
    ...(config.REDIS_PASSWORD ? { password: config.REDIS_PASSWORD } : {}),
    connectTimeout: 3000,
    socketTimeout: Math.min(giveUpAfterMs ?? SILENT_CONNECTION_MS, SILENT_CONNECTION_MS),
    commandTimeout: giveUpAfterMs ?? WORKER_COMMAND_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
    maxRetriesPerRequest: giveUpAfterMs === undefined ? CONNECT_ATTEMPTS : 1,
    ...(resend ? {} : { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 }),
  })
  // Without a listener an outage would end the process as an unhandled error event; commands report it themselves.
  redis.on('error', (error: unknown) => {
    logger.warn({ event: 'redis-unreachable', code: errorCode(error) })
    onUnreachable?.()
  })
  if (onReady) redis.on('ready', onReady)
  return redis
}
