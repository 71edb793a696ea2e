/** The Redis client of every service. Commands wait through a short outage and fail after it; scripts here are idempotent. */
import { Redis } from 'ioredis'
import type { Logger } from '../telemetry/logger.ts'

export function redisClient(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    lazyConnect: false,
    maxRetriesPerRequest: 10,
    connectTimeout: 3000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
  })
  // Without a listener an outage would end the process as an unhandled error event; commands report it themselves.
  redis.on('error', (error: Error & { code?: string }) => logger.warn({ event: 'redis-unreachable', code: error.code }))
  return redis
}
