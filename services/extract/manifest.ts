/** The manifest of a run, beside its files: enough to check them offline and to say where every row came from. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Type from 'typebox'
import { DECISIONS, IDENTIFIER_NAMES } from '#core/contract/potential-identifiers.ts'
import { Shift } from '#core/contract/schema.ts'
import { complete } from '#core/schema/complete.ts'
import type { Written } from '#core/schema/written.ts'
import { SmallCellsPolicy } from './project-schema.ts'

export const MANIFEST_FORMAT = 'chainon-project-manifest/1'
export const MANIFEST_NAME = 'manifest.json'
/** The project's file as it was read, stored beside the files made from it. */
export const PROJECT_FILE_NAME = 'project.yaml'

const Count = Type.Integer({ minimum: 0 })
const Identifier = Type.Enum(IDENTIFIER_NAMES)
const Decided = Type.Enum(DECISIONS)

const Column = Type.Object({
  name: Type.String(),
  /** ClickHouse type. */
  type: Type.String(),
  description: Type.String(),
  /** The warehouse's column. */
  source: Type.String(),
  potential_identifier: Type.Optional(Identifier),
  decision: Type.Optional(Decided),
})

const Table = Type.Object({
  name: Type.String(),
  /** A file name only: a path out of the folder would name other files. */
  file: Type.Refine(Type.String(), (file) => basename(file) === file),
  bytes: Count,
  sha256: Type.String(),
  rows: Count,
  persons: Count,
  /** Records of the cohort's persons that are not in the table. */
  excluded: Type.Object({
    no_event_time: Count,
    outside_period: Count,
    /** Left out because their cell was small; absent where the project decides nothing on them. */
    small_cells: Type.Optional(Count),
  }),
  /** The table has every record of its persons, whatever the period. */
  whole_history: Type.Boolean(),
  columns: Type.Array(Column),
  dropped_columns: Type.Array(Type.Object({ source: Type.String(), potential_identifier: Identifier })),
  /**
   * Persons who have a row whose values nobody else in the table has, pseudonyms left aside: who has the same values from elsewhere finds
   * them. Absent from manifests of before.
   */
  unique_persons: Type.Optional(Count),
  /**
   * Persons who share the values of the columns with fewer than k persons in all, and which columns to leave out until nobody does. Absent from
   * manifests of before.
   */
  small_cells: Type.Optional(
    Type.Object({
      k: Count,
      columns: Type.Array(Type.String()),
      persons: Count,
      leave_out: Type.Array(Type.Object({ column: Type.String(), persons: Count })),
    }),
  ),
})
export type ManifestTable = Written<typeof Table>

/** Highest origin offset + 1 in the warehouse, by feed and partition. */
const Ledger = Type.Record(Type.String(), Type.Record(Type.String(), Type.Number()))
export type LedgerSnapshot = Written<typeof Ledger>

/** Of a project with the persons of the linker's model; absent where the links are exact. Source patients and records, in numbers. */
const Scored = Type.Object({
  /** Source patients of whom the linker has a record, and those whose person is that of the exact links. */
  judged: Count,
  not_judged: Count,
  /** Source patients whose records are of several persons: theirs is that of the record that was told of last. */
  of_several_persons: Count,
  models: Type.Array(Type.String()),
  link_above_probability: Type.Number(),
  /** Highest link version of the warehouse before the persons were read. */
  told_until: Type.Number(),
  /** What became of persons since the run that this one replaces, by records of the feeds that the project reads. */
  since: Type.Optional(
    Type.Object({
      run: Type.String(),
      /** Of that run; after `exact` every person has another pseudonym. */
      persons: Type.Enum(['exact', 'scored']),
      changes: Type.Array(Type.Object({ kind: Type.String(), reason: Type.String(), records: Count })),
    }),
  ),
})
export type ScoredPersons = Written<typeof Scored>

const LinkageFigures = Type.Object({
  source_patients: Count,
  persons: Count,
  /** Persons known to more than one source patient. */
  persons_with_several_sources: Count,
  /** Source patients by the pass that linked them; `none`: no link, each is a person of its own. */
  source_patients_by_method: Type.Record(Type.String(), Count),
  highest_link_version: Type.Number(),
  scored: Type.Optional(Scored),
})
export type Linkage = Written<typeof LinkageFigures>

/** Persons in cells of fewer than k: by their profile and one row, and by all their rows together. */
const Measured = Type.Object({ persons: Count, by_all_rows: Count })

const SmallCells = Type.Object({
  policy: SmallCellsPolicy,
  /** Persons with rows, before any were left out. */
  persons: Count,
  before: Measured,
  /** In their order, each with the persons who are then in small cells, and why it was taken. */
  steps: Type.Array(
    Type.Object({
      step: Type.Union([Type.Object({ coarsen: Type.String() }), Type.Object({ drop: Type.String() })]),
      because: Type.Enum(['small-cells', 'earlier-run']),
      persons: Count,
    }),
  ),
  /** Of whom nothing is left. How many rows of others are left out is told by table. */
  suppressed_persons: Count,
  /** In the finished tables. */
  after: Measured,
  /** With the run before: who came, went or has other rows, and who is in a small cell of both together. */
  difference: Type.Optional(Type.Object({ run: Type.String(), changed: Count, persons: Count })),
})

/** The schema of a manifest: its type, and the check before a manifest is used. */
const ManifestOfRun = Type.Object({
  format: Type.Literal(MANIFEST_FORMAT),
  project: Type.Object({
    id: Type.String(),
    title: Type.String(),
    purpose: Type.String(),
    contact: Type.String(),
    retention_until: Type.String(),
    file: Type.String(),
    file_sha256: Type.String(),
  }),
  run: Type.Object({
    id: Type.String(),
    started_at: Type.String(),
    finished_at: Type.String(),
    chainon_version: Type.String(),
    /** True when the cohort was below `min_cohort` and `--allow-small` was given. */
    small_cohort_allowed: Type.Boolean(),
  }),
  database: Type.String(),
  warehouse: Type.Object({
    database: Type.String(),
    /** null when the warehouse has no ledger. */
    ledger_at_start: Type.Union([Ledger, Type.Null()]),
    ledger_at_end: Type.Union([Ledger, Type.Null()]),
    /** Records were loaded during the build: it may contain some of them, and a repetition may differ. */
    moved_during_build: Type.Boolean(),
  }),
  period: Type.Object({ from: Type.String(), to: Type.String() }),
  min_cohort: Count,
  cohort: Type.Object({ persons: Count, source_patients: Count }),
  potential_identifiers: Type.Record(Identifier, Decided),
  /** How far the dates of each person were moved; absent where none were. */
  date_shift: Type.Optional(Shift),
  linkage: LinkageFigures,
  /** Copies of the report of the linkage; absent where there was none. */
  linkage_report: Type.Optional(
    Type.Array(
      Type.Object({ file: Type.Refine(Type.String(), (file) => basename(file) === file), sha256: Type.String() }),
    ),
  ),
  /** Columns that undo a decision on a potential identifier, by the contracts' names. Absent from manifests of before. */
  leaks: Type.Optional(
    Type.Array(
      Type.Object({
        leak: Type.String(),
        column: Type.String(),
        undoes: Type.Array(Type.String()),
      }),
    ),
  ),
  /** What was lost against small cells; absent where the project declares nothing. */
  small_cells: Type.Optional(SmallCells),
  tables: Type.Array(Table),
})
export type Manifest = Written<typeof ManifestOfRun>

/** @returns the manifest of a run's folder, or what is wrong with it */
export function readManifest(dir: string): { readonly manifest: Manifest } | { readonly problem: string } {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(join(dir, MANIFEST_NAME), 'utf8'))
  } catch (error) {
    const missing = error instanceof Error && 'code' in error
    return { problem: missing ? 'cannot be read: is this the folder of a finished run?' : 'is not JSON' }
  }
  // Keys that a later version adds are no problem: a program wrote them.
  const manifest = complete(ManifestOfRun, json)
  return manifest ? { manifest } : { problem: `is not a manifest of the form ${MANIFEST_FORMAT}` }
}
