/** Makes the data folder, and says clearly when it cannot be used. */
import { chmodSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '#core/faults.ts'
import { dataPaths } from './paths.ts'

const REFUSE_BELOW_BYTES = 200 * 1024 ** 2
const WARN_BELOW_BYTES = 1024 ** 3

/**
 * @param data absolute path
 * @returns a warning to show, or null
 * @throws ConfigurationError when the folder cannot be made, is read-only or full
 */
export function prepareDataFolder(data: string): string | null {
  const paths = dataPaths(data)
  try {
    for (const folder of [data, paths.run, paths.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(data, 0o700)
    const probe = join(paths.run, `write-test.${process.pid}`)
    writeFileSync(probe, 'x', { mode: 0o600 })
    rmSync(probe)
  } catch (error) {
    throw new ConfigurationError(`The data folder ${data} cannot be used`, [explain(error as NodeJS.ErrnoException)])
  }
  const disk = statfsSync(data)
  const free = disk.bavail * disk.bsize
  if (free < REFUSE_BELOW_BYTES) {
    throw new ConfigurationError(`The data folder ${data} cannot be used`, [
      `its disk has ${megabytes(free)} MB free, and Chainon needs 200 MB to start; make room, or choose another folder with --data-dir`,
    ])
  }
  if (free >= WARN_BELOW_BYTES) return null
  return `the disk of ${data} has ${megabytes(free)} MB free: Kafka and ClickHouse stop when it is full`
}

function explain(error: NodeJS.ErrnoException): string {
  const choose = 'or choose another folder with --data-dir or CHAINON_DATA_DIR'
  switch (error.code) {
    case 'EROFS':
      return `its file system is read-only; mount it for writing, ${choose}`
    case 'EACCES':
    case 'EPERM':
      return `this user may not write there; give it the right (chown, chmod u+rwx), ${choose}`
    case 'ENOTDIR':
    case 'EEXIST':
      return `a file is in the way; move it, ${choose}`
    case 'ENOSPC':
    case 'EDQUOT':
      return `its disk or quota is full; make room, ${choose}`
    default:
      return `${error.code ?? 'error'}: ${error.message}; mend that, ${choose}`
  }
}

const megabytes = (bytes: number): number => Math.floor(bytes / 1024 ** 2)
