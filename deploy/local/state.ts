/** The state file: which processes run, for `chainon status`, `chainon down`, the console and the next start. */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { isAlive } from '#core/process/identity.ts'
import { lockHolder } from '#core/process/lock.ts'
import { PROCESS_NAMES, type ProcessName, parseStateFile, type StateRow } from '#core/process/state-file.ts'
import { type DataPaths, dataPaths } from './paths.ts'

/**
 * Replaces the state file in one step, so that no reader sees half of it.
 *
 * @returns null, or the error of the disk that had no space for a second file: then the state file itself is overwritten
 * @throws when the state file cannot be overwritten either
 */
export function writeState(paths: DataPaths, rows: readonly StateRow[]): unknown {
  const temporary = `${paths.stateFile}.${process.pid}`
  const text = `${JSON.stringify(rows, null, 1)}\n`
  try {
    writeFileSync(temporary, text, { mode: 0o600 })
    renameSync(temporary, paths.stateFile)
    return null
  } catch (error) {
    rmSync(temporary, { force: true })
    if (!existsSync(paths.stateFile)) throw error
    overwrite(paths.stateFile, text)
    return error
  }
}

function overwrite(file: string, text: string): void {
  const fd = openSync(file, 'r+')
  try {
    ftruncateSync(fd, writeSync(fd, text, 0))
  } finally {
    closeSync(fd)
  }
}

/** @returns the rows of the state file as they were written; none when there is no readable file */
export function readState(paths: DataPaths): readonly StateRow[] {
  try {
    return parseStateFile(readFileSync(paths.stateFile, 'utf8'))
  } catch {
    return []
  }
}

/**
 * @returns a row for each process of the stack, checked now: a process that has ended is never shown as running, even when
 * the file says so.
 */
export function liveState(data: string): StateRow[] {
  const paths = dataPaths(data)
  const supervised = lockHolder(paths.lockFile) !== null
  const rows = new Map(readState(paths).map((row) => [row.name, row]))
  return PROCESS_NAMES.map((name) => checked(rows.get(name) ?? absentRow(name), supervised))
}

/** @returns the row of a process that was never started */
export function absentRow(name: ProcessName): StateRow {
  const since = new Date(0).toISOString()
  return { name, pid: null, url: null, state: 'stopped', restarts: 0, since, message: 'not started', identity: null }
}

function checked(row: StateRow, supervised: boolean): StateRow {
  if (row.state === 'external') return supervised ? row : { ...row, state: 'stopped', message: 'no stack runs here' }
  if (row.state === 'stopped') return row
  const alive = isAlive(row.pid, row.identity)
  if (alive && supervised) return row
  if (alive) return { ...row, message: 'its supervisor has ended: run `npx chainon down`, then start again' }
  if (!supervised) return { ...row, pid: null, state: 'stopped', message: 'its supervisor has ended' }
  return row.state === 'running' ? { ...row, pid: null, state: 'restarting' } : { ...row, pid: null }
}
