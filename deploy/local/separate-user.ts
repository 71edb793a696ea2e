/**
 * The local ClickHouse runs statements of others. Where this machine allows it, its process is another user of the system, which owns its
 * own folder and can read no secret of the services, whatever a statement may find.
 */
import { spawnSync } from 'node:child_process'
import { chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { node24, ROOT } from './paths.ts'

export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** No user of a usual Linux: between those of packages and those of people. */
const SEPARATE: SystemUser = { uid: 64_816, gid: 64_816 }

/** Reads the program and the engine, and writes in the folder: what the process must be able to do. */
const TRIAL = `
const { accessSync, constants, readFileSync, realpathSync } = require('node:fs')
const [main, folder] = process.argv.slice(1)
readFileSync(main)
require(require.resolve('chdb/package.json', { paths: [main] }))
accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
realpathSync('.')
`

/**
 * Gives the folder to the other user when it can run there, else back to this one.
 *
 * @param folder of the process alone; made when missing
 * @returns the user to run it as, or why it runs as this one
 */
export function separateUser(folder: string): SystemUser | { readonly why: string } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const uid = process.getuid?.()
  const gid = process.getgid?.()
  if (uid !== 0 || gid === undefined) return { why: 'only root can start a process as another user' }
  giveTo(folder, SEPARATE)
  const main = join(ROOT, 'deploy/local/clickhouse/main.ts')
  const trial = spawnSync(node24(), ['-e', TRIAL, main, folder], { ...SEPARATE, cwd: ROOT, stdio: 'ignore' })
  if (trial.status === 0) return SEPARATE
  giveTo(folder, { uid, gid })
  return { why: `another user cannot use ${folder}, ${ROOT} or ${node24()}: a folder above is closed to others` }
}

/** The folder and what is in it; only what has another owner is changed. */
export function giveTo(path: string, user: SystemUser): void {
  const found = lstatSync(path)
  if (found.uid !== user.uid || found.gid !== user.gid) {
    if (found.isSymbolicLink()) return
    chownSync(path, user.uid, user.gid)
  }
  if (found.isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), user)
}
