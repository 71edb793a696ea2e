/** The folder of snapshots: their names say which index and when, and a file asks the running linker for one. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'

export interface Snapshot {
  readonly path: string
  /** Milliseconds since 1970, to the second. */
  readonly takenAt: number
  readonly bytes: number
}

const ENDING = '.snapshot'
const REQUEST = 'request.json'
const ANSWER = 'answer.json'

const Request = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) })
const Answer = Type.Object({
  id: Type.String(),
  state: Type.Enum(['taking', 'done', 'failed']),
  /** Read, of how many; when it is done, records of the snapshot. */
  records: Type.Integer(),
  of: Type.Integer(),
  bytes: Type.Integer(),
  /** Path when it is done; why, when it failed. */
  text: Type.String(),
})
export type Answer = Static<typeof Answer>

/** @param index name, with the namespace @param now milliseconds since 1970 */
export function snapshotPath(folder: string, index: string, now: number): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  return join(folder, `${index}-${time}${ENDING}`)
}

/** @returns those of the index, the newest first */
export function snapshotsIn(folder: string, index: string): readonly Snapshot[] {
  const start = `${index}-`
  return namesIn(folder)
    .filter((name) => name.startsWith(start) && name.endsWith(ENDING))
    .flatMap((name) => {
      const [, y, mo, d, h, mi, s] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name.slice(start.length, -ENDING.length)) ?? []
      const takenAt = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
      const path = join(folder, name)
      const bytes = statSync(path, { throwIfNoEntry: false })?.size
      return Number.isNaN(takenAt) || bytes === undefined ? [] : [{ path, takenAt, bytes }]
    })
    .toSorted((a, b) => b.takenAt - a.takenAt)
}

/**
 * Removes parts that a killed linker has left, and all but the newest snapshots of the index and the largest one: an index that was lost and begun
 * again has small ones, and they do not take the place of that from which it can be restored.
 *
 * @returns how many snapshots are gone
 */
export function tidy(folder: string, index: string, kept: number): number {
  for (const name of namesIn(folder))
    if (name.startsWith(`${index}-`) && name.endsWith(`${ENDING}.part`)) rmSync(join(folder, name), { force: true })
  const all = snapshotsIn(folder, index)
  const largest = Math.max(...all.map(({ bytes }) => bytes))
  const stays = all.find(({ bytes }) => bytes === largest)
  const gone = all.slice(kept).filter((one) => one !== stays)
  for (const { path } of gone) rmSync(path, { force: true })
  return gone.length
}

/** Made for its user alone. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
}

export const ask = (folder: string, id: string) => put(folder, REQUEST, { id })
/** @returns the id of the request that waits */
export const asked = (folder: string): string | undefined => read(folder, REQUEST, Request)?.id
export const unask = (folder: string) => rmSync(join(folder, REQUEST), { force: true })
export const answer = (folder: string, given: Answer) => put(folder, ANSWER, given)
export const answered = (folder: string): Answer | undefined => read(folder, ANSWER, Answer)

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function put(folder: string, name: string, value: object): void {
  const draft = join(folder, `${name}.${process.pid}`)
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600 })
  renameSync(draft, join(folder, name))
}

/** @returns undefined where there is none, or it has another form */
function read<T extends typeof Request | typeof Answer>(folder: string, name: string, form: T): Static<T> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    return Value.Check(form, value) ? value : undefined
  } catch {
    return undefined
  }
}
