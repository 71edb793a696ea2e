/**
 * The databases of a project. `project_<id>` is for readers and always complete; a build works in
 * `project_<id>__building_<n>` and `project_<id>__work_<n>`, which the next extraction removes when this one is killed.
 */
import { literal, quote } from '#core/contract/table.ts'
import type { Warehouse } from './warehouse.ts'

export interface Workspace {
  readonly project: string
  /** Becomes the project's database; contains third-level pseudonyms only. */
  readonly building: string
  /** Contains the cohort with the warehouse's own identifiers; a project never reads it. */
  readonly work: string
  /** The previous database, before it is dropped. */
  readonly old: string
}

/** @param number differs between builds, for instance a time in milliseconds */
export function workspaceOf(id: string, number: number): Workspace {
  const project = `project_${id}`
  return {
    project,
    building: `${project}__building_${number}`,
    work: `${project}__work_${number}`,
    old: `${project}__old_${number}`,
  }
}

/** Creates a database; its comment names the run, so that a later start knows its run. */
export async function createDatabase(warehouse: Warehouse, name: string, run: string): Promise<void> {
  await warehouse.command(`CREATE DATABASE ${quote(name)} ENGINE = Atomic COMMENT ${literal(`chainon run ${run}`)}`)
}

/** SYNC: the files are removed from the disk now and not some minutes later. */
export async function dropDatabase(warehouse: Warehouse, name: string): Promise<void> {
  await warehouse.command(`DROP DATABASE IF EXISTS ${quote(name)} SYNC`)
}

/**
 * Two renames of catalogue entries. Between them (a millisecond) the project has no database, and a reader gets an error; a
 * reader never sees a database that is incomplete or mixed from two runs. ClickHouse has no exchange of databases.
 */
export async function swap(warehouse: Warehouse, space: Workspace): Promise<void> {
  const names = new Set((await warehouse.databases()).map(({ name }) => name))
  if (names.has(space.project))
    await warehouse.command(`RENAME DATABASE ${quote(space.project)} TO ${quote(space.old)}`)
  try {
    await warehouse.command(`RENAME DATABASE ${quote(space.building)} TO ${quote(space.project)}`)
  } catch (error) {
    if (names.has(space.project))
      await warehouse.command(`RENAME DATABASE ${quote(space.old)} TO ${quote(space.project)}`)
    throw error
  }
  await dropDatabase(warehouse, space.old)
}

/**
 * Removes what a killed build left, and reverts its rename when it was killed between the two. Call it only while this process has
 * the project's lock.
 * @returns the run of the current database, or undefined when there is none
 */
export async function recover(warehouse: Warehouse, id: string): Promise<string | undefined> {
  const project = `project_${id}`
  const all = await warehouse.databases()
  const leftovers = all.filter(
    ({ name }) => name.startsWith(`${project}__`) && /^__(building|work|old)_\d+$/.test(name.slice(project.length)),
  )
  let current = all.find(({ name }) => name === project)
  if (!current) {
    const previous = leftovers
      .filter(({ name }) => name.startsWith(`${project}__old_`))
      .toSorted((a, b) => (a.name < b.name ? 1 : -1))[0]
    if (previous) {
      await warehouse.command(`RENAME DATABASE ${quote(previous.name)} TO ${quote(project)}`)
      leftovers.splice(leftovers.indexOf(previous), 1)
      current = previous
    }
  }
  for (const { name } of leftovers) await dropDatabase(warehouse, name)
  return current && runOf(current.comment)
}

/** @returns the run that a project database's comment names */
export function runOf(comment: string): string | undefined {
  return /^chainon run (\S+)$/.exec(comment)?.[1]
}
