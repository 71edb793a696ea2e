/**
 * Brings the parts that are not npm packages into a cache, once. Tests, load tests and `chainon up` share the cache and may
 * ask for it at the same moment: one installs, the others wait. A part appears in one step (rename), so a half-fetched part
 * is never used, and a folder's name holds its version, so an upgrade never mixes two.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '#core/faults/errors.ts'
import { runMaven } from '#core/java/maven.ts'
import { waitForLock } from '#core/process/lock.ts'
import { startTimedProgress } from '#core/terminal/progress.ts'
import { ROOT } from '../paths.ts'

export const VERSIONS = { kafka: '4.3.1', registry: '3.0.9', redis: 'embedded-1.4.3' } as const
export type InstalledPart = keyof typeof VERSIONS

/** @returns the folder of an installed part */
export function partFolder(cache: string, part: InstalledPart): string {
  return join(cache, `${part}-${VERSIONS[part]}`)
}

/**
 * @param cache folder of the parts; made when missing
 * @param env for Maven
 * @param wanted the parts that will be started; `redis` only when no `redis-server` is on the PATH
 * @throws ChainonError when Maven Central cannot be reached
 */
export async function installParts(
  cache: string,
  wanted: readonly InstalledPart[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const missing = () => wanted.filter((part) => !existsSync(partFolder(cache, part)))
  if (missing().length === 0) return
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  const lock = await waitForLock(join(cache, 'install.lock'), 'install', (holder) =>
    process.stderr.write(`Waiting for process ${holder.pid}, which fetches the local parts\n`),
  )
  try {
    const parts = missing()
    if (parts.length === 0) return
    removeLeftovers(cache)
    const target = mkdtempSync(join(cache, 'fetching-'))
    const progress = startTimedProgress(
      `Fetching ${parts.map((part) => `${part} ${VERSIONS[part]}`).join(', ')} (once)`,
    )
    try {
      await runMaven({
        what: 'the local parts',
        pom: join(ROOT, 'deploy/local/pom.xml'),
        args: ['process-resources', `-P${parts.join(',')}`, `-Dchainon.parts.target=${target}`],
        env,
        onDownload: (file) => progress.show(file),
        signal,
      })
      for (const part of parts) renameSync(join(target, part), partFolder(cache, part))
    } finally {
      progress.done()
      rmSync(target, { recursive: true, force: true })
    }
  } finally {
    lock.release()
  }
}

/** Removes what a killed installation left; the lock says that no other process works there. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache)) {
    if (name.startsWith('fetching-')) rmSync(join(cache, name), { recursive: true, force: true })
  }
}

/** @returns whether a `redis-server` on the PATH can be used */
export function redisOnPath(env: NodeJS.ProcessEnv): boolean {
  return spawnSync('redis-server', ['--version'], { env, timeout: 10_000 }).status === 0
}

/**
 * @returns the command of the Redis server: the one on the PATH, else the binary of the embedded-redis jar
 * @throws ConfigurationError on a machine that the jar has no binary for
 */
export function redisCommand(cache: string, env: NodeJS.ProcessEnv): string {
  if (redisOnPath(env)) return 'redis-server'
  const binaries: Record<string, string> = {
    'linux-x64': 'redis-server-6.2.6-v5-linux-amd64',
    'linux-arm64': 'redis-server-6.2.7-linux-arm64',
    'linux-ia32': 'redis-server-6.2.7-linux-386',
    'darwin-x64': 'redis-server-6.2.6-v5-darwin-amd64',
    'darwin-arm64': 'redis-server-6.2.6-v5-darwin-arm64',
    'win32-x64': 'redis-server-5.0.14.1-windows-amd64.exe',
  }
  const binary = binaries[`${process.platform}-${process.arch}`]
  if (!binary) {
    throw new ConfigurationError('Redis is missing', [
      `there is no ready-made Redis for ${process.platform}-${process.arch}: install \`redis-server\`, or set REDIS_URL`,
    ])
  }
  const file = join(partFolder(cache, 'redis'), binary)
  chmodSync(file, 0o755)
  return file
}
