/** What a run leaves beside its files: enough to check them offline and to say where every row came from. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Period } from './criteria.ts'
import type { Decision, PotentialIdentifier } from './potential-identifiers.ts'

export const MANIFEST_FORMAT = 'chainon-project-manifest/1'
export const MANIFEST_NAME = 'manifest.json'
/** The project's file as it was read, kept beside what was made from it. */
export const PROJECT_FILE_NAME = 'project.yaml'

export interface ManifestColumn {
  readonly name: string
  /** ClickHouse type. */
  readonly type: string
  readonly description: string
  /** The warehouse's column. */
  readonly source: string
  readonly potential_identifier?: PotentialIdentifier
  readonly decision?: Decision
}

export interface ManifestTable {
  readonly name: string
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly rows: number
  readonly persons: number
  /** Records of the cohort's persons that are not in the table. */
  readonly excluded: { readonly no_event_time: number; readonly outside_period: number }
  /** The table has every record of its persons, whatever the period. */
  readonly whole_history: boolean
  readonly columns: readonly ManifestColumn[]
  readonly dropped_columns: readonly { readonly source: string; readonly potential_identifier: PotentialIdentifier }[]
}

/** Highest origin offset + 1 that the warehouse has taken of each feed, by partition. */
export type LedgerSnapshot = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface Linkage {
  readonly source_patients: number
  readonly persons: number
  /** Persons known to more than one source patient. */
  readonly persons_with_several_sources: number
  /** Source patients by the pass that linked them; `none` have no link and are persons of their own. */
  readonly source_patients_by_method: Readonly<Record<string, number>>
  readonly highest_link_version: number
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT
  readonly project: {
    readonly id: string
    readonly title: string
    readonly purpose: string
    readonly contact: string
    readonly retention_until: string
    readonly file: string
    readonly file_sha256: string
  }
  readonly run: {
    readonly id: string
    readonly started_at: string
    readonly finished_at: string
    readonly chainon_version: string
    /** True when the cohort was below `min_cohort` and was asked for all the same. */
    readonly small_cohort_allowed: boolean
  }
  readonly database: string
  readonly warehouse: {
    readonly database: string
    /** null when the warehouse keeps no ledger. */
    readonly ledger_at_start: LedgerSnapshot | null
    readonly ledger_at_end: LedgerSnapshot | null
    /** Records came in during the build: it may hold some of them, and a repetition may differ. */
    readonly moved_during_build: boolean
  }
  readonly period: Period
  readonly min_cohort: number
  readonly cohort: { readonly persons: number; readonly source_patients: number }
  readonly potential_identifiers: Readonly<Record<PotentialIdentifier, Decision>>
  readonly linkage: Linkage
  readonly tables: readonly ManifestTable[]
}

/** @returns the manifest of a run's folder, or what is wrong with it */
export function readManifest(dir: string): { readonly manifest: Manifest } | { readonly problem: string } {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(join(dir, MANIFEST_NAME), 'utf8'))
  } catch (error) {
    const missing = error instanceof Error && 'code' in error
    return { problem: missing ? 'cannot be read: is this the folder of a finished run?' : 'is not JSON' }
  }
  return isManifest(json) ? { manifest: json } : { problem: `is not a manifest of the form ${MANIFEST_FORMAT}` }
}

/** Checks what a verification relies on; a file's name must not lead out of the folder. */
function isManifest(json: unknown): json is Manifest {
  if (!isObject(json) || json.format !== MANIFEST_FORMAT) return false
  const { project, run, tables, cohort } = json
  if (!isObject(project) || !isObject(run) || !isObject(cohort) || !Array.isArray(tables)) return false
  if (typeof project.id !== 'string' || typeof project.file_sha256 !== 'string' || typeof run.id !== 'string')
    return false
  return tables.every(
    (table) =>
      isObject(table) &&
      typeof table.name === 'string' &&
      typeof table.file === 'string' &&
      basename(table.file) === table.file &&
      typeof table.sha256 === 'string' &&
      typeof table.bytes === 'number' &&
      typeof table.rows === 'number' &&
      Array.isArray(table.columns) &&
      table.columns.every((column) => isObject(column) && typeof column.name === 'string'),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
