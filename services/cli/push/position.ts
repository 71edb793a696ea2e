/**
 * How far a file was sent: a small file in `<data>/push/`, replaced after each acknowledged batch, so that the same command
 * continues there. A changed file is sent from its start.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { Source } from './source.ts'

export interface Position {
  /** Last line (or place) of which the gateway acknowledged the batch. */
  readonly line: number
  readonly accepted: number
  readonly rejected: number
  readonly done: boolean
}

export interface PositionFile {
  readonly start: Position
  save(position: Position): void
}

const START: Position = { line: 0, accepted: 0, rejected: 0, done: false }

/**
 * @param target what it is sent to: gateway, producer and feed
 * @param restart deletes the saved position
 */
export function positionOf(dataDir: string, source: Source, target: readonly string[], restart: boolean): PositionFile {
  if (source.path === '-') return { start: START, save: () => undefined }
  const folder = join(dataDir, 'push')
  const identity = [source.identity ?? realpathSync(source.path), source.size, source.modified, ...target].join(
    '\u0000',
  )
  const path = join(folder, `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}.json`)
  if (restart) rmSync(path, { force: true })
  return {
    start: read(path),
    save(position) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        // Without the name of the file, which may be a person's.
        writeFileSync(`${path}.new`, `${JSON.stringify(position)}\n`, { mode: 0o600 })
        renameSync(`${path}.new`, path)
      } catch (error) {
        throw new ConfigurationError('The progress cannot be saved', [`${path}: ${errorCode(error)}`])
      }
    },
  }
}

function read(path: string): Position {
  try {
    const saved = JSON.parse(readFileSync(path, 'utf8')) as Partial<Position>
    const valid = [saved.line, saved.accepted, saved.rejected].every((count) => Number.isInteger(count))
    return valid
      ? {
          line: saved.line ?? 0,
          accepted: saved.accepted ?? 0,
          rejected: saved.rejected ?? 0,
          done: saved.done === true,
        }
      : START
  } catch {
    // No such file, or a damaged one: sending again from the start doubles no record.
    return START
  }
}
