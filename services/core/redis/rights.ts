/**
 * Who may do what in Redis: the one table, from which the local stack makes its users and `deploy/RIGHTS.md` is printed. A user has the
 * name of its program. Whoever is not here (`deidentify`, `provision`, `extract`, the commands) has no login.
 */

export interface RedisRights {
  /** Patterns of keys below the namespace, as `ACL SETUSER` has them; none: no key. */
  readonly keys: readonly string[]
  /** Keys that belong to no namespace. */
  readonly sharedKeys?: readonly string[]
  readonly commands: readonly string[]
  /** For people. */
  readonly purpose: string
}

/** What the client library asks for at each connection. */
const CONNECTION = ['ping', 'info', 'client|setinfo', 'client|setname'] as const
/** Commands in a script are checked like those outside of one. */
const SCRIPTS = ['eval', 'evalsha', 'script|load'] as const

export const REDIS_RIGHTS = {
  gateway: {
    keys: ['idem:*', 'quota:*'],
    commands: [
      ...CONNECTION,
      ...SCRIPTS,
      ...['hmget', 'hget', 'hset', 'hdel', 'hexists', 'hincrby', 'del', 'expire', 'pexpire', 'time'],
    ],
    purpose: 'idempotency keys and quotas',
  },
  curate: {
    keys: ['{link}:*'],
    commands: [
      ...CONNECTION,
      ...SCRIPTS,
      ...['get', 'set', 'del', 'unlink', 'exists', 'pexpire', 'scan'],
      ...['hget', 'hmget', 'hgetall', 'hset', 'hsetnx', 'hdel', 'hincrby', 'hexists', 'hlen'],
      ...['scard', 'smembers', 'sadd', 'srem', 'smove', 'zadd', 'zrangebyscore', 'zremrangebyscore'],
    ],
    purpose: 'the linkage index, and `chainon link rebuild`. `SCAN` shows the names of all keys, not their values',
  },
  console: { keys: [], commands: CONNECTION, purpose: 'whether Redis answers' },
  linker: {
    keys: [],
    sharedKeys: ['{lx:*'],
    commands: [
      ...CONNECTION,
      ...['eval', 'get', 'mget', 'set', 'mset', 'setrange', 'unlink', 'scan'],
      ...['hget', 'hgetall', 'hset', 'hdel'],
    ],
    purpose: 'the linkage index of `linker`, and of `chainon link evaluate --store redis`',
  },
} as const satisfies Readonly<Record<string, RedisRights>>

export type RedisUser = keyof typeof REDIS_RIGHTS

/** May everything; only the supervisor of the local stack, or the administrator, has its password. */
export const REDIS_ADMIN = 'admin'

/**
 * @param passwords what follows the name: `>password` or `#<SHA-256 in hexadecimal>`, by user
 * @param namespaces values of CHAINON_NAMESPACE that the users may use
 * @returns lines of Redis's file of users; the same words follow `ACL SETUSER`. Redis 6.2 or later
 */
export function redisAcl(passwords: (user: string) => string, namespaces: readonly string[]): readonly string[] {
  const users = Object.entries<RedisRights>(REDIS_RIGHTS).map(([user, { keys, sharedKeys = [], commands }]) => {
    const patterns = [...namespaces.flatMap((namespace) => keys.map((key) => `${namespace}${key}`)), ...sharedKeys]
    const words = [...patterns.map((pattern) => `~${pattern}`), '-@all', ...commands.map((command) => `+${command}`)]
    return `user ${user} reset on ${passwords(user)} ${words.join(' ')}`
  })
  return ['user default reset off', `user ${REDIS_ADMIN} reset on ${passwords(REDIS_ADMIN)} ~* &* +@all`, ...users]
}
