/** One extraction of a project at a time: a second one would remove the first one's databases as leftovers. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

/**
 * @param dir the project's folder, made when missing
 * @returns a function that gives the lock back
 * @throws ChainonError when a living process holds it
 */
export function lockProject(dir: string): () => void {
  const path = join(dir, 'lock')
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new ConfigurationError('The data folder cannot be used', [`${dir}: ${codeOf(error)} (CHAINON_DATA_DIR)`])
  }
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(path, `${process.pid} ${startOf(process.pid)}\n`, { mode: 0o600, flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST')
        throw new ConfigurationError('The data folder cannot be used', [`${path}: ${codeOf(error)} (CHAINON_DATA_DIR)`])
    }
    const holder = read(path)
    if (holder && isAlive(holder)) {
      throw new ChainonError(
        'dependency-unavailable',
        `another extraction of this project runs (process ${holder.pid}); wait for it, or stop it`,
      )
    }
    rmSync(path, { force: true })
  }
  throw new ChainonError('dependency-unavailable', 'another extraction of this project has just begun')
}

interface Holder {
  readonly pid: number
  readonly start: string
}

function read(path: string): Holder | undefined {
  try {
    const [pid = '', start = ''] = readFileSync(path, 'utf8').trim().split(' ')
    return { pid: Number(pid), start }
  } catch {
    // Given back in the meantime.
    return undefined
  }
}

/** A process with the number of one that died is another process: its start tells them apart where the system says it. */
function isAlive({ pid, start }: Holder): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  return start === startOf(pid)
}

/** @returns the process's start in clock ticks since boot (Linux), else `-` */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '-'
  } catch {
    return '-'
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'error'
}
