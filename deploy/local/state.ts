/** The state file: what runs where, for `chainon status`, `chainon down`, the console and the next start. */
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
import { type DataPaths, dataPaths } from './paths.ts'
import { PARTS, type ProcessName, SERVICES, type StateRow } from './types.ts'

/**
 * Replaces the state file in one step, so that no reader sees half of it.
 *
 * @returns null, or why there was no room for that: on a full disk the file's own place is all there is, and is written over
 * @throws when not even that can be written
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
    writeOver(paths.stateFile, text)
    return error
  }
}

function writeOver(file: string, text: string): void {
  const fd = openSync(file, 'r+')
  try {
    ftruncateSync(fd, writeSync(fd, text, 0))
  } finally {
    closeSync(fd)
  }
}

/** @returns the rows of the state file as they were written; none when there is no readable file */
export function readState(paths: DataPaths): StateRow[] {
  try {
    const rows: unknown = JSON.parse(readFileSync(paths.stateFile, 'utf8'))
    return Array.isArray(rows) ? (rows as StateRow[]) : []
  } catch {
    return []
  }
}

/**
 * @returns a row for each process of the stack, checked now: a pid that is gone is never shown as running, whatever the
 * file says.
 */
export function liveState(data: string): StateRow[] {
  const paths = dataPaths(data)
  const supervised = lockHolder(paths.lockFile) !== null
  const rows = new Map(readState(paths).map((row) => [row.name, row]))
  return [...PARTS, ...SERVICES].map((name) => checked(rows.get(name) ?? absentRow(name), supervised))
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
  if (alive) return { ...row, message: 'its supervisor is gone: run `npx chainon down`, then start again' }
  if (!supervised) return { ...row, pid: null, state: 'stopped', message: 'its supervisor is gone' }
  return row.state === 'running' ? { ...row, pid: null, state: 'restarting' } : { ...row, pid: null }
}
