/** The projects of a data folder, and whether ClickHouse has the database of their last run. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectsDir, runsOf } from './folders.ts'
import { type Manifest, readManifest } from './manifest.ts'
import type { Warehouse } from './warehouse.ts'
import { runOf } from './workspace.ts'

export interface ListedProject {
  readonly id: string
  readonly title: string
  /** Newest finished run. */
  readonly run: string
  readonly finished_at: string
  readonly persons: number
  readonly tables: number
  readonly rows: number
  readonly retention_until: string
  readonly retention: 'running' | 'ended'
  /** `other-run`: the database is of another run than these files. `unknown`: ClickHouse does not answer. */
  readonly database: 'ready' | 'missing' | 'other-run' | 'unknown'
  readonly runs: number
  readonly directory: string
}

/** @param today `YYYY-MM-DD` */
export async function listProjects(
  dataDir: string,
  warehouse: Warehouse,
  today: string,
): Promise<readonly ListedProject[]> {
  const root = projectsDir(dataDir)
  const ids = existsSync(root) ? readdirSync(root).toSorted() : []
  const comments = ids.length === 0 ? new Map<string, string>() : await commentsOf(warehouse)
  return ids.flatMap((id) => {
    const runs = runsOf(join(root, id))
    const run = runs.at(-1)
    if (!run) return []
    const directory = join(root, id, run)
    const read = readManifest(directory)
    return 'manifest' in read ? [listed(read.manifest, directory, runs.length, comments, today)] : []
  })
}

async function commentsOf(warehouse: Warehouse): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    return new Map((await warehouse.databases()).map(({ name, comment }) => [name, comment]))
  } catch {
    // The list is made from files; without ClickHouse only the state of the databases is unknown.
    return undefined
  }
}

function listed(
  manifest: Manifest,
  directory: string,
  runs: number,
  comments: ReadonlyMap<string, string> | undefined,
  today: string,
): ListedProject {
  const { project, run } = manifest
  const comment = comments?.get(manifest.database)
  const state = comment === undefined ? 'missing' : runOf(comment) === run.id ? 'ready' : 'other-run'
  return {
    id: project.id,
    title: project.title,
    run: run.id,
    finished_at: run.finished_at,
    persons: manifest.cohort.persons,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
    retention_until: project.retention_until,
    retention: project.retention_until < today ? 'ended' : 'running',
    database: comments === undefined ? 'unknown' : state,
    runs,
    directory,
  }
}
