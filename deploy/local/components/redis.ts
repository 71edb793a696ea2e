/** Redis with an append-only file: a write is in the file's buffers before its answer is sent. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { redisReady } from '../probes.ts'
import type { ProcessSpec } from '../types.ts'

export interface RedisOptions {
  readonly command: string
  readonly data: string
  readonly port: number
}

export function redis(options: RedisOptions): ProcessSpec {
  const folder = join(options.data, 'redis')
  const file = join(folder, 'redis.conf')
  return {
    name: 'redis',
    url: `redis://127.0.0.1:${options.port}`,
    command: options.command,
    args: [file],
    env: {},
    prepare: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(file, configuration(folder, options.port), { mode: 0o600 })
    },
    ready: () => redisReady(options.port),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  }
}

/** Beyond it Redis refuses writes: the gateway then goes without, and `curate` waits. Each key of the gateway has an end. */
const MAX_MEMORY_BYTES = 2 * 1024 ** 3

/** No eviction: the linkage index must never lose an entry silently. No snapshots: the append-only file contains everything. */
function configuration(folder: string, port: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `dir "${folder}"`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    `maxmemory ${MAX_MEMORY_BYTES}`,
    'maxmemory-policy noeviction',
    'daemonize no',
    '',
  ].join('\n')
}
