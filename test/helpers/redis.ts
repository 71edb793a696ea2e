/** What a test does in Redis itself, without the services. */
import { Redis } from 'ioredis'

/** @returns a client with the login of the environment, usually that of the administrator */
export function testRedis(env: Readonly<Record<string, string | undefined>>): Redis {
  const { REDIS_URL: url = '', REDIS_USERNAME: username = '', REDIS_PASSWORD: password = '' } = env
  return new Redis(url, { username, password })
}
