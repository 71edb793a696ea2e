/** What each user of Redis may do: its own keys with its own commands, and nothing without a password. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REDIS_ADMIN, REDIS_RIGHTS, type RedisUser } from '#core/redis/rights.ts'
import { testRedis } from '../helpers/redis.ts'
import { login, ownNamespace, servers } from '../helpers/servers.ts'

const namespace = ownNamespace()
const idempotency = `${namespace}idem:x`
const linkage = `${namespace}{link}:current`
const index = `{lx:${namespace}}n`
const USERS = Object.keys(REDIS_RIGHTS) as RedisUser[]
const OWN: Readonly<Record<RedisUser, readonly string[]>> = {
  gateway: [idempotency],
  curate: [linkage],
  console: [],
  linker: [index],
}

let admin: Redis
const open = new Map<RedisUser, Redis>()
const as = (user: RedisUser) => {
  const known = open.get(user) ?? testRedis({ ...servers(), ...login(user) })
  open.set(user, known)
  return known
}
beforeAll(async () => {
  admin = testRedis(servers())
  await admin.hset(idempotency, 'a', '1')
  await admin.set(linkage, 'one')
  await admin.set(index, '1')
})
afterAll(async () => {
  await admin.del(idempotency, linkage, index)
  for (const client of [admin, ...open.values()]) client.disconnect()
})

const DENIED = /^NOPERM/
/** Redis 6.2, and later ones. */
const DENIED_IN_SCRIPT = /^NOPERM|user executing the script can't|ACL failure in script/

describe('a user of Redis', () => {
  it.each(USERS)('%s reads and writes no key of another', async (user) => {
    for (const key of [idempotency, linkage, index].filter((one) => !OWN[user].includes(one))) {
      const where = `${user} ${key}`
      await expect(as(user).call('GET', key), where).rejects.toThrow(DENIED)
      await expect(as(user).call('SET', key, 'two'), where).rejects.toThrow(DENIED)
      await expect(as(user).call('HGETALL', key), where).rejects.toThrow(DENIED)
      await expect(as(user).call('DEL', key), where).rejects.toThrow(DENIED)
      await expect(as(user).eval("return redis.call('GET', KEYS[1])", 1, key), where).rejects.toThrow(DENIED)
      // A script that does not say which keys it uses.
      const hidden = as(user).eval("return redis.call('HSET', ARGV[1], 'a', '2')", 0, key)
      await expect(hidden, where).rejects.toThrow(DENIED_IN_SCRIPT)
    }
    expect(await admin.get(linkage)).toBe('one')
    expect(await admin.get(index)).toBe('1')
    expect(await admin.hgetall(idempotency)).toEqual({ a: '1' })
  })

  it.each(USERS)('%s has none of the commands of the administrator', async (user) => {
    for (const command of [
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['CONFIG', 'GET', '*'],
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['SHUTDOWN', 'NOSAVE'],
      ['ACL', 'LIST'],
      ['KEYS', '*'],
      ['MONITOR'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['MODULE', 'LIST'],
      ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ['SCRIPT', 'FLUSH'],
      ['SUBSCRIBE', 'x'],
      ['SAVE'],
    ])
      await expect(as(user).call(command[0] ?? '', ...command.slice(1)), command.join(' ')).rejects.toThrow(DENIED)
    // Valkey refuses it to everybody, before it looks at rights.
    await expect(as(user).call('DEBUG', 'SLEEP', '0')).rejects.toThrow(/^(NOPERM|ERR DEBUG command not allowed)/)
  })

  it('has its own keys', async () => {
    expect(await as('gateway').eval("return redis.call('HGET', KEYS[1], 'a')", 1, idempotency)).toBe('1')
    expect(await as('curate').get(linkage)).toBe('one')
    expect(await as('linker').get(index)).toBe('1')
    expect(await as('console').ping()).toBe('PONG')
  })
})

describe('without a password', () => {
  it('nobody gets an answer', async () => {
    const { REDIS_URL: url = '' } = servers()
    const nobody = new Redis(url, { enableReadyCheck: false })
    nobody.on('error', () => undefined)
    await expect(nobody.ping()).rejects.toThrow(/^NOAUTH/)
    await expect(nobody.get(linkage)).rejects.toThrow(/^NOAUTH/)
    nobody.disconnect()
  })

  it.each([...USERS, REDIS_ADMIN, 'default'])('%s is not logged in with a wrong one', async (user) => {
    const stranger = testRedis({ ...servers(), REDIS_USERNAME: user, REDIS_PASSWORD: 'wrong' })
    const refused = new Promise((resolve) => stranger.on('error', resolve))
    expect(await refused).toMatchObject({ message: expect.stringMatching(/^WRONGPASS/) })
    stranger.disconnect()
  })
})
