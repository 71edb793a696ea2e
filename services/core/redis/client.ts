/** The Redis client of every service. It reconnects until it is disconnected; what a command does meanwhile is an option. */
import { Redis } from 'ioredis'
import { errorCode } from '../faults/describe-failure.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface RedisClientOptions {
  /**
   * Milliseconds after which a command fails: for callers that need an answer soon. Without it a command waits through a short outage
   * (ten attempts to connect): for workers, whose scripts are idempotent.
   */
  readonly giveUpAfterMs?: number
  /** Called at each failure of the connection. */
  readonly onUnreachable?: () => void
  /** Called each time that Redis is ready for commands. */
  readonly onReady?: () => void
}

const CONNECT_ATTEMPTS = 10

export function redisClient(url: string, logger: Logger, options: RedisClientOptions = {}): Redis {
  const { giveUpAfterMs, onUnreachable, onReady } = options
  const redis = new Redis(url, {
    connectTimeout: 3000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
    ...(giveUpAfterMs === undefined
      ? { maxRetriesPerRequest: CONNECT_ATTEMPTS }
      : { maxRetriesPerRequest: 1, commandTimeout: giveUpAfterMs }),
  })
  // Without a listener an outage would end the process as an unhandled error event; commands report it themselves.
  redis.on('error', (error: unknown) => {
    logger.warn({ event: 'redis-unreachable', code: errorCode(error) })
    onUnreachable?.()
  })
  if (onReady) redis.on('ready', onReady)
  return redis
}
