/** The folders of a project's runs: `<data>/projects/<id>/<run>`, complete or absent. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { type Lock, tryLock } from '#core/process/lock.ts'

const BUILDING = '.building-'
/** A run's name begins with its time, so that names sort by age. */
const RUN = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/

export function projectsDir(dataDir: string): string {
  return join(dataDir, 'projects')
}

/** @param random 8 hexadecimal digits, for two runs in one second */
export function runName(now: Date, random: string): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${random}`
}

/**
 * One extraction of a project at a time: a second one would remove the databases of the first.
 *
 * @param projectDir the project's folder, made when missing
 * @throws ChainonError when another running process has the lock
 */
export function lockProject(projectDir: string): Lock {
  let lock: ReturnType<typeof tryLock>
  try {
    mkdirSync(projectDir, { recursive: true, mode: 0o700 })
    lock = tryLock(join(projectDir, 'lock'), 'extract')
  } catch (error) {
    throw unusable(projectDir, error)
  }
  if ('release' in lock) return lock
  throw new ChainonError(
    'dependency-unavailable',
    `another extraction of this project runs (process ${lock.heldBy.pid}); wait for it, or stop it`,
  )
}

/** @returns the folder in which the run's files are made */
export function createBuildFolder(projectDir: string, run: string): string {
  const dir = join(projectDir, `${BUILDING}${run}`)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unusable(dir, error)
  }
  return dir
}

function unusable(dir: string, error: unknown): ConfigurationError {
  return new ConfigurationError('The data folder cannot be used', [`${dir}: ${errorCode(error)} (CHAINON_DATA_DIR)`])
}

/** @returns the folder under its final name */
export function publishFolder(projectDir: string, run: string): string {
  const dir = join(projectDir, run)
  renameSync(join(projectDir, `${BUILDING}${run}`), dir)
  return dir
}

/**
 * Removes what a killed build left, except the files of the run whose database exists already: it was killed between its last
 * two steps, and is finished here.
 */
export function recoverFolders(projectDir: string, currentRun: string | undefined): void {
  if (!existsSync(projectDir)) return
  for (const name of readdirSync(projectDir)) {
    if (!name.startsWith(BUILDING)) continue
    const run = name.slice(BUILDING.length)
    if (run === currentRun && !existsSync(join(projectDir, run))) publishFolder(projectDir, run)
    else rmSync(join(projectDir, name), { recursive: true, force: true })
  }
}

/** @returns the project's finished runs, the oldest first */
export function runsOf(projectDir: string): readonly string[] {
  return existsSync(projectDir)
    ? readdirSync(projectDir)
        .filter((name) => RUN.test(name))
        .toSorted()
    : []
}
