/** Makes the data folder, and says why when it cannot be used, at the start or later. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigurationError } from '#core/faults/errors.ts'
import { dataPaths } from './paths.ts'

const REJECT_BELOW_BYTES = 200 * 1024 ** 2
const WARN_BELOW_BYTES = 1024 ** 3
const FULL_BELOW_BYTES = 8 * 1024 ** 2

/**
 * @param data absolute path
 * @returns a warning to show, or null
 * @throws ConfigurationError when the folder cannot be made, is read-only or full
 */
export function prepareDataFolder(data: string): string | null {
  const paths = dataPaths(data)
  try {
    // Making folders recursively on a read-only disk fails with ENOENT, which does not name the cause.
    accessSync(nearestExisting(data), constants.W_OK)
    for (const folder of [data, paths.run, paths.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Another user's process has a folder in it (separate-user.ts), and every folder in it is closed to others.
    chmodSync(data, process.getuid?.() === 0 ? 0o711 : 0o700)
    const probe = join(paths.run, `write-test.${process.pid}`)
    writeFileSync(probe, 'x', { mode: 0o600 })
    rmSync(probe)
  } catch (error) {
    throw unusable(data, error)
  }
  const free = freeBytes(data)
  if (free < REJECT_BELOW_BYTES) {
    throw new ConfigurationError(`The data folder ${data} cannot be used`, [
      `its disk has ${megabytes(free)} MB free, and Chainon needs 200 MB to start; free some space, or choose another folder with --data-dir`,
    ])
  }
  if (free >= WARN_BELOW_BYTES) return null
  return `the disk of ${data} has ${megabytes(free)} MB free: Kafka and ClickHouse stop when it is full`
}

/** @returns the error that says why the data folder cannot be written, and what to do */
export function unusable(data: string, cause: unknown): ConfigurationError {
  const why = explain(cause as NodeJS.ErrnoException)
  return new ConfigurationError(`The data folder ${data} cannot be used`, [why])
}

/** @returns what to add to a message about a process that ended: its disk is full; empty when it is not */
export function fullDiskRemark(folder: string): string {
  try {
    return freeBytes(folder) < FULL_BELOW_BYTES ? `; the disk of ${folder} is full: free some space` : ''
  } catch {
    return ''
  }
}

function freeBytes(folder: string): number {
  const disk = statfsSync(folder)
  return disk.bavail * disk.bsize
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

function explain(error: NodeJS.ErrnoException): string {
  const choose = 'or choose another folder with --data-dir or CHAINON_DATA_DIR'
  switch (error.code) {
    case 'EROFS':
      return `its file system is read-only; mount it for writing, ${choose}`
    case 'EACCES':
    case 'EPERM':
      return `this user may not write there; grant the permission (chown, chmod u+rwx), ${choose}`
    case 'ENOTDIR':
    case 'EEXIST':
      return `a file has the name of the folder; move the file, ${choose}`
    case 'ENOSPC':
    case 'EDQUOT':
      return `its disk or quota is full; free some space, ${choose}`
    default:
      return `${error.code ?? 'error'}: ${error.message}; correct that, ${choose}`
  }
}

const megabytes = (bytes: number): number => Math.floor(bytes / 1024 ** 2)
