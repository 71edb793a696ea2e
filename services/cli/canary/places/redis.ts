/** Redis: names and values of all keys, as bytes. */
import type { Redis } from 'ioredis'
import type { PlaceReport, Search } from '../search.ts'

/** How a value of each type is read whole. */
const READ: Readonly<Record<string, readonly [command: string, ...more: string[]]>> = {
  string: ['GET'],
  hash: ['HGETALL'],
  set: ['SMEMBERS'],
  list: ['LRANGE', '0', '-1'],
  zset: ['ZRANGE', '0', '-1', 'WITHSCORES'],
  stream: ['XRANGE', '-', '+'],
}
const KEYS_AT_A_TIME = '500'

export async function searchRedis(redis: Redis, search: Search): Promise<PlaceReport> {
  let keys = 0
  try {
    let cursor = '0'
    do {
      const [next, names] = (await redis.callBuffer('SCAN', cursor, 'COUNT', KEYS_AT_A_TIME)) as [Buffer, Buffer[]]
      cursor = next.toString()
      keys += names.length
      await Promise.all(names.map((name) => readKey(redis, name, search)))
    } while (cursor !== '0')
  } catch (error) {
    search.unread('keys', error)
  }
  return search.report('Redis', `${keys} keys with their values`, false)
}

async function readKey(redis: Redis, name: Buffer, search: Search): Promise<void> {
  // Of a name that holds a canary, only the part before it is said.
  const where = `keys ${name.toString('latin1').slice(0, 12)}…`
  search.scan(where, name)
  try {
    const type = await redis.type(name)
    const [command, ...more] = READ[type] ?? []
    if (command !== undefined) search.scan(where, ...flat(await redis.callBuffer(command, name, ...more)))
    // A key may have expired since its name was read.
    else if (type !== 'none') search.unread(where, `a value of the type ${type}`)
  } catch (error) {
    search.unread(where, error)
  }
}

function flat(value: unknown): readonly Buffer[] {
  if (Buffer.isBuffer(value)) return [value]
  return Array.isArray(value) ? value.flatMap(flat) : []
}
