/**
 * Log files of the processes. Each process writes to its file by itself (opened for appending), so a busy process never waits
 * for the supervisor, and a process continues when its supervisor ends. Rotation therefore copies and truncates.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { join } from 'node:path'

const ROTATE_AT_BYTES = 50 * 1024 ** 2

/** @returns the log file of a process */
export function logPath(logs: string, name: string): string {
  return join(logs, `${name}.log`)
}

/** Keeps the log of the last run as `<name>.log.1`. */
export function rotateAtStart(logs: string, name: string): void {
  const file = logPath(logs, name)
  if (existsSync(file)) renameSync(file, `${file}.1`)
}

/** @returns a file descriptor for a child's stdout and stderr; close it once the child has it */
export function openLog(logs: string, name: string): number {
  const file = logPath(logs, name)
  const fd = openSync(file, 'a', 0o600)
  chmodSync(file, 0o600)
  return fd
}

/** Rotates a log that has grown past the limit, while its process continues to write. */
export function rotateIfLarge(logs: string, name: string, limit = ROTATE_AT_BYTES): void {
  const file = logPath(logs, name)
  if (!existsSync(file) || statSync(file).size < limit) return
  try {
    copyFileSync(file, `${file}.1`)
    chmodSync(`${file}.1`, 0o600)
  } catch {
    // No space for a copy: truncating the log frees some.
    rmSync(`${file}.1`, { force: true })
  }
  truncateSync(file, 0)
}

/** @returns the last lines of a log; of a JSON line only its message and level */
export function logTail(logs: string, name: string, lines = 3): string[] {
  try {
    const fd = openSync(logPath(logs, name), 'r')
    try {
      const size = fstatSync(fd).size
      const buffer = Buffer.alloc(Math.min(size, 16_384))
      readSync(fd, buffer, 0, buffer.length, size - buffer.length)
      const all = buffer.toString('utf8').split('\n').map(readable).filter(Boolean)
      return all.slice(-lines)
    } finally {
      closeSync(fd)
    }
  } catch {
    return []
  }
}

function readable(line: string): string {
  if (!line.startsWith('{')) return line.trim()
  try {
    const entry = JSON.parse(line) as Record<string, unknown>
    return [entry.level, entry.msg ?? entry.event].filter((text) => typeof text === 'string').join(' ')
  } catch {
    return ''
  }
}
