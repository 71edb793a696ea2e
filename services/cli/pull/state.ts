/**
 * How far a source was read: a small file in `<data>/pull/`. Before a batch is sent it says which rows the batch has, and after the receipt that they are
 * read: a process that is killed between the two reads the same rows again, and the gateway knows the batch by its idempotency key.
 */
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

/** Values of the cursor's columns, as PostgreSQL writes them. */
export type CursorValue = readonly string[]

const Values = Type.Immutable(Type.Array(Type.String(), { minItems: 1 }))
const State = Type.Object({
  source: Type.String(),
  /** Of the last row of which the gateway has acknowledged the batch. */
  cursor: Type.Optional(Values),
  /** Of the last row of a batch that was perhaps sent. */
  sending: Type.Optional(Values),
  rows: Type.Integer({ minimum: 0 }),
})

export interface PullState {
  readonly cursor: CursorValue | undefined
  readonly sending: CursorValue | undefined
  readonly rows: number
}

export interface StateFile {
  read(): PullState
  /** Whole, or not at all, and on the disk. */
  save(state: PullState): void
}

const check = Compile(State)

/**
 * @param identity what the position belongs to: database, statement, cursor, feed, gateway, key, mapping
 * @param restart forgets the position
 * @throws ConfigurationError when there is a position that cannot be read: to begin again is a decision
 */
export function stateFile(dataDir: string, source: string, identity: readonly string[], restart: boolean): StateFile {
  const folder = join(dataDir, 'pull')
  const name = createHash('sha256')
    .update([source, ...identity].join('\u0000'))
    .digest('hex')
    .slice(0, 32)
  const path = join(folder, `${name}.json`)
  if (restart) rmSync(path, { force: true })
  return {
    read() {
      const text = readText(path)
      if (text === undefined) return { cursor: undefined, sending: undefined, rows: 0 }
      const { cursor, sending, rows } = parsed(text, path)
      return { cursor, sending, rows }
    },
    save({ cursor, sending, rows }) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const file = openSync(`${path}.new`, 'w', 0o600)
        writeSync(file, `${JSON.stringify({ source, cursor, sending, rows })}\n`)
        fsyncSync(file)
        closeSync(file)
        renameSync(`${path}.new`, path)
      } catch (error) {
        throw new ConfigurationError('The position cannot be saved', [`${path}: ${errorCode(error)}`])
      }
    },
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new ConfigurationError('The position cannot be read', [`${path}: ${errorCode(error)}`])
  }
}

function parsed(text: string, path: string) {
  try {
    const value = JSON.parse(text) as unknown
    if (check.Check(value)) return value
  } catch {
    // Said below.
  }
  throw new ConfigurationError('The position cannot be read', [`${path}: it is damaged; --restart begins again`])
}
