/** Redis with an append-only file: a write is in the file's buffers before its answer is sent. Nobody uses it without a password. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REDIS_ADMIN, redisAcl } from '#core/redis/rights.ts'
import { passwordOf, sha256 } from '../passwords.ts'
import { redisReady } from '../probes.ts'
import type { ProcessSpec } from '../types.ts'

export interface RedisOptions {
  readonly command: string
  readonly data: string
  /** Folder of the passwords of its users, made when missing. */
  readonly logins: string
  /** Values of CHAINON_NAMESPACE under which its users have keys; Redis's patterns. */
  readonly namespaces: readonly string[]
  readonly port: number
}

export function redis(options: RedisOptions): ProcessSpec {
  const folder = join(options.data, 'redis')
  const file = join(folder, 'redis.conf')
  const usersFile = join(folder, 'users.acl')
  return {
    name: 'redis',
    url: `redis://127.0.0.1:${options.port}`,
    command: options.command,
    args: [file],
    env: {},
    prepare: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const hash = (user: string) => `#${sha256(passwordOf(options.logins, user)).toString('hex')}`
      writeFileSync(usersFile, `${redisAcl(hash, options.namespaces).join('\n')}\n`, { mode: 0o600 })
      writeFileSync(file, configuration(folder, usersFile, options.port), { mode: 0o600 })
    },
    ready: () => redisReady(options.port, REDIS_ADMIN, passwordOf(options.logins, REDIS_ADMIN)),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  }
}

/** When it is reached, keys of the gateway are removed. Without any, Redis refuses writes, and `curate` waits. */
const MAX_MEMORY_BYTES = 2 * 1024 ** 3

/**
 * Eviction among keys with an end alone, which are the gateway's: so many requests never keep the linkage index from growing, and the
 * index, whose keys have no end, never loses an entry silently. No snapshots: the append-only file contains everything.
 */
function configuration(folder: string, usersFile: string, port: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `aclfile "${usersFile}"`,
    `dir "${folder}"`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    `maxmemory ${MAX_MEMORY_BYTES}`,
    'maxmemory-policy volatile-lru',
    'daemonize no',
    '',
  ].join('\n')
}
