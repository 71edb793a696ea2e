/** What a command does while Redis is unreachable; the port is one that nothing listens on. */
import { createServer } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '#core/config/read.ts'
import { REDIS_KEYS, type RedisConfig, redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'

const logger = createLogger('test', 'silent')
let config: RedisConfig

beforeAll(async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  const port = typeof address === 'object' && address ? address.port : 1
  config = readConfig('test', REDIS_KEYS, { REDIS_URL: `redis://127.0.0.1:${port}` })
})

describe('redisClient', () => {
  it('fails a command within its bound, and reports that Redis is unreachable', async () => {
    let unreachable = 0
    const redis = redisClient(config, logger, { giveUpAfterMs: 300, onUnreachable: () => unreachable++ })
    const started = performance.now()
    await expect(redis.get('x')).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(unreachable).toBeGreaterThan(0)
    redis.disconnect()
  })

  it('without a bound keeps a command during a short outage', async () => {
    const redis = redisClient(config, logger)
    let over = false
    const end = () => {
      over = true
    }
    redis.get('x').then(end, end)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(over).toBe(false)
    redis.disconnect()
  })
})
