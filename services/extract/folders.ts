/** The folders of a project's runs: `<data>/projects/<id>/<run>`, complete or not there at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '#core/faults/errors.ts'

const BUILDING = '.building-'
/** A run's name begins with its time, so that names sort by age. */
const RUN = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/

export function projectsDir(dataDir: string): string {
  return join(dataDir, 'projects')
}

/** @param random 8 hexadecimal digits, for two runs of one second */
export function runName(now: Date, random: string): string {
  return `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${random}`
}

/** @returns the folder in which the run's files are made */
export function beginFolder(projectDir: string, run: string): string {
  const dir = join(projectDir, `${BUILDING}${run}`)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
    throw new ConfigurationError('The data folder cannot be used', [`${dir}: ${code} (CHAINON_DATA_DIR)`])
  }
  return dir
}

/** @returns the folder under its final name */
export function publishFolder(projectDir: string, run: string): string {
  const dir = join(projectDir, run)
  renameSync(join(projectDir, `${BUILDING}${run}`), dir)
  return dir
}

/**
 * Removes what a dead build left, except the files of the run whose database stands already: that one died between its last
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
