/** An extraction from start to end. Read `extract` from top to bottom: it is the order of the steps. */
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Leak } from '#core/contract/leaks.ts'
import { quote } from '#core/contract/table.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { ContractsByFeed } from './criteria.ts'
import { createBuildFolder, lockProject, projectsDir, publishFolder, recoverFolders, runName } from './folders.ts'
import { assertSameKey, keyOfTables } from './key-in-force.ts'
import { leaksOf } from './leaks.ts'
import { readLedgerSnapshot } from './ledger-snapshot.ts'
import { copyLinkageReport } from './linkage-report.ts'
import {
  type LedgerSnapshot,
  type Linkage,
  MANIFEST_FORMAT,
  MANIFEST_NAME,
  type Manifest,
  type ManifestTable,
  PROJECT_FILE_NAME,
} from './manifest.ts'
import { readParquet, writeParquet } from './parquet.ts'
import { linkageOf, selectPopulation } from './population.ts'
import type { ProjectFile } from './project-file.ts'
import { type ProjectPseudonyms, projectPseudonyms } from './pseudonyms.ts'
import { earlierRun, scoredPersons, toldUntil } from './scored-persons.ts'
import { countSmallCells, measureSmallCells, quasiIdentifiers } from './small-cells.ts'
import { decideOnSmallCells, type SmallCellsDecision, Space } from './small-cells-decision.ts'
import { earlierSteps, foundIn, manifestOfDecision, type SmallCellsFound } from './small-cells-run.ts'
import { buildTable, countTable, countUnique, planTable, type TableCounts, type TablePlan } from './table-build.ts'
import type { Warehouse } from './warehouse.ts'
import { createDatabase, dropDatabase, recover, swap, type Workspace, workspaceOf } from './workspace.ts'

/** Persons of the smallest cell that French practice lets out (ATIH, CASD: counts below 11 are masked). */
const SMALLEST_CELL = 11

export interface Request {
  /** The file's text; the manifest contains its checksum. */
  readonly text: string
  readonly project: ProjectFile
  readonly dryRun: boolean
  readonly allowSmall: boolean
}

export interface Context {
  readonly warehouse: Warehouse
  readonly contracts: ContractsByFeed
  readonly dataDir: string
  /** Called only before rows are built: a dry run makes no secret. */
  readonly secret: () => Promise<Buffer>
  readonly version: string
  /** Called with a line at each step. */
  readonly progress: (step: string) => void
  readonly signal: AbortSignal
}

/** What a build would make; the numbers are exact and must be rounded before they are shown. */
export interface Survey {
  readonly linkage: Linkage
  readonly tables: readonly { readonly plan: TablePlan; readonly counts: TableCounts }[]
  /** Columns that undo the project's decisions. */
  readonly leaks: readonly Leak[]
  /** What is lost against small cells; undefined where the project declares nothing. */
  readonly smallCells: SmallCellsDecision | undefined
  /** The run that a build would replace. */
  readonly replaces: string | undefined
}

export type Outcome =
  | { readonly kind: 'surveyed'; readonly survey: Survey }
  | { readonly kind: 'too-small'; readonly survey: Survey }
  | { readonly kind: 'small-cells'; readonly decision: SmallCellsDecision }
  /** Together with the run before it. */
  | { readonly kind: 'difference'; readonly run: string }
  | { readonly kind: 'built'; readonly directory: string; readonly manifest: Manifest }

/**
 * @throws ChainonError when ClickHouse fails or another extraction of the project runs; the project's database and files are
 *   then unchanged
 */
export async function extract(context: Context, request: Request): Promise<Outcome> {
  const { warehouse, progress } = context
  const projectDir = join(projectsDir(context.dataDir), request.project.id)
  const started = new Date()
  const run = runName(started, randomBytes(4).toString('hex'))
  const space = workspaceOf(request.project.id, started.getTime())
  const lock = lockProject(projectDir)
  try {
    const replaces = await recover(warehouse, request.project.id)
    recoverFolders(projectDir, replaces)
    const ledgerAtStart = await readLedgerSnapshot(warehouse)
    const keyAtStart = await keyOfTables(warehouse.keys)
    progress('cohort: selecting persons')
    await createDatabase(warehouse, space.work, run)
    const until = request.project.persons === 'scored' ? await toldUntil(warehouse) : undefined
    const population = await selectPopulation(warehouse, request.project, context.contracts, space.work)
    const cells = new Space(warehouse, quote(space.work))
    const survey = await surveyOf(context, request.project, { ...population, until, cells, projectDir }, replaces)
    if (request.dryRun) return { kind: 'surveyed', survey }
    if (survey.smallCells?.isRefused) return { kind: 'small-cells', decision: survey.smallCells }
    if (survey.linkage.persons < request.project.minCohort && !request.allowSmall) return { kind: 'too-small', survey }
    progress(summaryOf(request.project, survey, space))
    const pseudonyms = projectPseudonyms(await context.secret(), request.project.dateShift)
    await createDatabase(warehouse, space.building, run)
    const directory = createBuildFolder(projectDir, run)
    const cohort = survey.smallCells?.cohort ?? population.cohort
    const tables = await buildTables(context, request.project, survey, { cohort, space, directory }, pseudonyms)
    const found = survey.smallCells && (await foundIn(cells, survey.smallCells, space, projectDir, replaces))
    if (found?.isRefused) return { kind: 'difference', run: replaces ?? '' }
    const ledgerAtEnd = await readLedgerSnapshot(warehouse)
    await assertSameKey(warehouse.keys, keyAtStart)
    const report = copyLinkageReport(context.dataDir, directory)
    const ledgers = { ledgerAtStart, ledgerAtEnd }
    const manifest = manifestOf(context, request, { run, started, space, survey, tables, report, found, ...ledgers })
    writeOwn(join(directory, PROJECT_FILE_NAME), request.text)
    writeOwn(join(directory, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`)
    context.signal.throwIfAborted()
    progress(`${space.project}: ${replaces ? `replacing run ${replaces}` : 'publishing'}`)
    await swap(warehouse, space)
    return { kind: 'built', directory: publishFolder(projectDir, run), manifest }
  } finally {
    await cleanUp(context, projectDir, run, space)
    lock.release()
  }
}

/** Tables of the work database by their quoted names, and where runs of the project are. */
interface Population {
  readonly source: string
  readonly cohort: string
  /** What the linker had told when they were selected; undefined where the persons are those of exact links. */
  readonly until: number | undefined
  readonly cells: Space
  readonly projectDir: string
}

async function surveyOf(
  context: Context,
  project: ProjectFile,
  places: Population,
  replaces: string | undefined,
): Promise<Survey> {
  const { warehouse } = context
  const { cells, cohort: selected, projectDir, source, until } = places
  const tables: { plan: TablePlan; counts: TableCounts }[] = []
  for (const table of project.tables) {
    const contract = context.contracts.get(table.feed)
    if (!contract) throw new RangeError(`there is no feed ${table.feed}`)
    context.signal.throwIfAborted()
    context.progress(`${table.feed}: counting`)
    const plan = planTable(project, table, contract)
    tables.push({ plan, counts: await countTable(warehouse, plan, project, selected) })
  }
  const { smallCells: policy } = project
  if (policy) context.progress('small cells: deciding')
  const plans = tables.map(({ plan }) => plan)
  const smallCells =
    policy && (await decideOnSmallCells(cells, project, policy, plans, selected, earlierSteps(projectDir, policy)))
  const cohort = smallCells?.cohort ?? selected
  const linkage = await linkageOf(warehouse, cohort)
  return {
    linkage:
      until === undefined
        ? linkage
        : {
            ...linkage,
            scored: await scoredPersons(warehouse, { source, cohort }, until, earlierRun(projectDir, replaces)),
          },
    tables: tables.map(({ counts, plan }, index) => ({ counts, plan: smallCells?.plans[index] ?? plan })),
    leaks: leaksOf(project, context.contracts),
    smallCells,
    replaces,
  }
}

interface Places {
  readonly cohort: string
  readonly space: Workspace
  readonly directory: string
}

async function buildTables(
  context: Context,
  project: ProjectFile,
  survey: Survey,
  places: Places,
  pseudonyms: ProjectPseudonyms,
): Promise<readonly ManifestTable[]> {
  const made: ManifestTable[] = []
  for (const [index, { plan, counts }] of survey.tables.entries()) {
    const step = `table ${index + 1}/${survey.tables.length} ${plan.name}`
    const target = `${quote(places.space.building)}.${quote(plan.name)}`
    const onRows = (rows: number) => context.progress(`${step}: ${rows} of ${counts.rows} rows`)
    context.signal.throwIfAborted()
    context.progress(`${step}: 0 of ${counts.rows} rows`)
    const names = { cohort: places.cohort, target, filter: survey.smallCells?.filters.get(plan.name) }
    const built = await buildTable(context.warehouse, plan, project, names, pseudonyms, onRows, context.signal)
    context.progress(`${step}: counting persons with a row of their own`)
    const unique = await countUnique(context.warehouse, plan, target)
    context.progress(`${step}: counting persons in small cells`)
    const k = project.smallCells?.k ?? SMALLEST_CELL
    const count = countSmallCells(context.warehouse, target, k)
    const smallCells = await measureSmallCells(quasiIdentifiers(plan), k, count)
    context.progress(`${step}: writing Parquet`)
    made.push({
      ...(await exportTable(context, plan, counts, built, target, places.directory, survey.smallCells !== undefined)),
      unique_persons: unique,
      small_cells: smallCells,
    })
  }
  return made
}

async function exportTable(
  context: Context,
  plan: TablePlan,
  counts: TableCounts,
  built: { readonly rows: number; readonly persons: number },
  target: string,
  directory: string,
  isDecided: boolean,
): Promise<ManifestTable> {
  const file = `${plan.name}.parquet`
  const path = join(directory, file)
  const written = await writeParquet(context.warehouse, target, plan.order, path)
  const content = await readParquet(path)
  const names = plan.columns.kept.map((column) => column.name)
  if (content.rows !== built.rows || content.persons !== built.persons || content.columns.join() !== names.join()) {
    throw new ChainonError(
      'dependency-unavailable',
      `${file} is not what was built, when it is read back: ${content.rows} of ${built.rows} rows`,
    )
  }
  return {
    name: plan.name,
    file,
    ...written,
    rows: built.rows,
    persons: built.persons,
    excluded: {
      no_event_time: counts.noEventTime,
      outside_period: counts.outsidePeriod,
      // Records that were loaded since they were counted are in the table.
      ...(isDecided && { small_cells: Math.max(0, counts.rows - built.rows) }),
    },
    whole_history: plan.table.wholeHistory,
    columns: plan.columns.kept.map(({ name, type, description, source, decided }) => ({
      name,
      type,
      description,
      source,
      ...(decided && { potential_identifier: decided.identifier, decision: decided.decision }),
    })),
    dropped_columns: plan.columns.dropped.map(({ source, identifier }) => ({
      source,
      potential_identifier: identifier,
    })),
  }
}

interface Facts {
  readonly run: string
  readonly started: Date
  readonly space: Workspace
  readonly survey: Survey
  readonly tables: readonly ManifestTable[]
  readonly found: SmallCellsFound | undefined
  readonly report: NonNullable<Manifest['linkage_report']>
  readonly ledgerAtStart: LedgerSnapshot | null
  readonly ledgerAtEnd: LedgerSnapshot | null
}

function manifestOf(context: Context, request: Request, facts: Facts): Manifest {
  const { project } = request
  const { linkage } = facts.survey
  return {
    format: MANIFEST_FORMAT,
    project: {
      id: project.id,
      title: project.title,
      purpose: project.purpose,
      contact: project.contact,
      retention_until: project.retentionUntil,
      file: PROJECT_FILE_NAME,
      file_sha256: createHash('sha256').update(request.text).digest('hex'),
    },
    run: {
      id: facts.run,
      started_at: facts.started.toISOString(),
      finished_at: new Date().toISOString(),
      chainon_version: context.version,
      small_cohort_allowed: linkage.persons < project.minCohort,
    },
    database: facts.space.project,
    warehouse: {
      database: context.warehouse.database,
      ledger_at_start: facts.ledgerAtStart,
      ledger_at_end: facts.ledgerAtEnd,
      moved_during_build: JSON.stringify(facts.ledgerAtStart) !== JSON.stringify(facts.ledgerAtEnd),
    },
    period: project.period,
    min_cohort: project.minCohort,
    cohort: { persons: linkage.persons, source_patients: linkage.source_patients },
    potential_identifiers: project.decisions,
    ...(project.dateShift && { date_shift: project.dateShift }),
    linkage,
    ...(facts.report.length > 0 && { linkage_report: facts.report }),
    leaks: facts.survey.leaks.map(({ feed, field, leak, undoes }) => ({
      leak,
      column: `${feed}.${field}`,
      undoes: [...undoes],
    })),
    ...(facts.survey.smallCells &&
      facts.found && { small_cells: manifestOfDecision(facts.survey.smallCells, facts.found) }),
    tables: facts.tables,
  }
}

function summaryOf(project: ProjectFile, survey: Survey, space: Workspace): string {
  const rows = survey.tables.reduce((sum, { counts }) => sum + counts.rows, 0)
  const replaced = survey.replaces ? `, replacing run ${survey.replaces}` : ''
  return `${space.project}: ${survey.linkage.persons} persons, ${rows} rows in ${project.tables.length} tables${replaced}`
}

function writeOwn(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600, flag: 'wx', flush: true })
}

/** The next start removes what cannot be removed here; the error that led here matters more. */
async function cleanUp(context: Context, projectDir: string, run: string, space: Workspace): Promise<void> {
  const work = [dropDatabase(context.warehouse, space.work), dropDatabase(context.warehouse, space.building)]
  await Promise.allSettled([...work, rm(join(projectDir, `.building-${run}`), { recursive: true, force: true })])
}
