/**
 * The databases of a project. `project_<id>` is what readers see and is always complete; a build works beside it in
 * `project_<id>__building_<n>` and `project_<id>__work_<n>`, which the next start of an extraction removes if this one dies.
 */
import { literal, quote } from '#core/contract/table.ts'
import type { Warehouse } from './warehouse.ts'

export interface Workspace {
  readonly project: string
  /** Becomes the project's database; holds third-level pseudonyms only. */
  readonly building: string
  /** Holds the cohort with the warehouse's own identifiers; never read by a project. */
  readonly work: string
  /** Where the previous database waits to be dropped. */
  readonly old: string
}

/** @param number differs between builds: a time in milliseconds will do */
export function workspaceOf(id: string, number: number): Workspace {
  const project = `project_${id}`
  return {
    project,
    building: `${project}__building_${number}`,
    work: `${project}__work_${number}`,
    old: `${project}__old_${number}`,
  }
}

/** @returns SQL that makes a database; its comment names the run, so that a later start knows whose it is */
export async function createDatabase(warehouse: Warehouse, name: string, run: string): Promise<void> {
  await warehouse.command(`CREATE DATABASE ${quote(name)} ENGINE = Atomic COMMENT ${literal(`chainon run ${run}`)}`)
}

/** SYNC: what is dropped leaves the disk now and not some minutes later. */
export async function dropDatabase(warehouse: Warehouse, name: string): Promise<void> {
  await warehouse.command(`DROP DATABASE IF EXISTS ${quote(name)} SYNC`)
}

/**
 * Two renames of catalogue entries. Between them (a millisecond) there is no database of the project, and a reader is told so;
 * at no time does a reader see one that is half-built or made of two runs. ClickHouse has no exchange of databases.
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
 * Removes what a build that died left, and takes its renaming back when it died between the two. Call it with the project's
 * lock held.
 * @returns the run whose database stands now, or undefined when there is none
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
