/** The texts and JSON on stdout. Counts of a dry run reveal nothing about a few persons. */
import { LEAKS } from '#core/contract/leak-schema.ts'
import { table } from '#core/terminal/table.ts'
import type { Survey } from './build.ts'
import type { Manifest, ScoredPersons } from './manifest.ts'
import { DEFAULT_MIN_COHORT } from './project-file.ts'
import type { SmallCellsDecision } from './small-cells-decision.ts'
import { columnOf } from './steps.ts'

/** Counts below 11 are one text, others are rounded to ten: two dry runs must not reveal one person that was added meanwhile. */
export function roundedCount(count: number): string {
  return count < DEFAULT_MIN_COHORT
    ? `fewer than ${DEFAULT_MIN_COHORT}`
    : `about ${thousands(Math.round(count / 10) * 10)}`
}

export function thousands(count: number): string {
  return count.toLocaleString('en-US')
}

/** A survey with rounded counts, as `--json` prints it. */
export function surveyJson(id: string, survey: Survey): Readonly<Record<string, unknown>> {
  return {
    project: id,
    dry_run: true,
    replaces: survey.replaces ?? null,
    persons: roundedCount(survey.linkage.persons),
    ...(survey.linkage.scored && { scored: scoredJson(survey.linkage.scored) }),
    leaks: survey.leaks.map(({ feed, field, leak, undoes }) => ({ leak, column: `${feed}.${field}`, undoes })),
    ...(survey.smallCells && { small_cells: decisionJson(survey.smallCells) }),
    tables: survey.tables.map(({ plan, counts }) => ({
      table: plan.name,
      rows: roundedCount(counts.rows),
      persons: roundedCount(counts.persons),
      columns: plan.columns.kept.map((column) => column.name),
      dropped_columns: plan.columns.dropped.map((column) => column.source),
    })),
  }
}

export function surveyText(id: string, survey: Survey): string {
  const rows = survey.tables.map(({ plan, counts }) => [
    plan.name,
    roundedCount(counts.rows),
    roundedCount(counts.persons),
    plan.columns.kept.map((column) => column.name).join(', '),
    plan.columns.dropped.map((column) => column.source).join(', ') || '-',
  ])
  const replaces = survey.replaces ? `It would replace run ${survey.replaces}.\n` : ''
  return `project_${id} would have ${roundedCount(survey.linkage.persons)} persons. Nothing was built.\n${replaces}${scoredLines(survey.linkage.scored, small)}\n${table(['table', 'rows', 'persons', 'columns', 'left out by decision'], rows)}${leakLines(survey)}${survey.smallCells ? decisionLines(survey.smallCells) : ''}`
}

/** Columns that undo a decision, one a line; nothing when there are none. */
function leakLines({ leaks }: Survey): string {
  if (leaks.length === 0) return ''
  const lines = leaks.map(
    ({ feed, field, leak, undoes }) => `  ${feed}.${field} ${LEAKS[leak]}; undone: ${undoes.join(', ')}\n`,
  )
  return `\nColumns that undo a decision:\n${lines.join('')}`
}

/** Nobody is a count that may be told. */
const small = (persons: number) => (persons === 0 ? 'none' : roundedCount(persons))

function scoredJson({ judged, not_judged, of_several_persons, models, since }: ScoredPersons) {
  return {
    judged: small(judged),
    not_judged: small(not_judged),
    of_several_persons: small(of_several_persons),
    models,
    ...(since && {
      since: { ...since, changes: since.changes.map((one) => ({ ...one, records: small(one.records) })) },
    }),
  }
}

/** @param shown of a count */
function scoredLines(scored: ScoredPersons | undefined, shown: (count: number) => string): string {
  if (!scored) return ''
  const { since } = scored
  const changes = since?.changes.map(({ kind, reason, records }) => `${kind} (${reason}): ${shown(records)}`) ?? []
  const told =
    since === undefined
      ? ''
      : since.persons === 'exact'
        ? `Run ${since.run} had the persons of exact links: every person has another pseudonym than there.\n`
        : `Records whose person is another one since run ${since.run}: ${changes.join(', ') || 'none'}\n`
  return `Persons are those of the linkage model. Source patients that it has not judged, linked exactly: ${shown(scored.not_judged)}; with records of several persons: ${shown(scored.of_several_persons)}\n${told}`
}

function decisionJson(decision: SmallCellsDecision): Readonly<Record<string, unknown>> {
  return {
    k: decision.policy.k,
    refused: decision.isRefused,
    before: small(decision.before.persons),
    by_all_rows: small(decision.before.by_all_rows),
    steps: decision.steps.map(({ because, persons, step }) => ({ step, because, persons: small(persons) })),
    left: small(decision.left),
    suppressed_persons: small(decision.suppressedPersons),
  }
}

function decisionLines(decision: SmallCellsDecision): string {
  const steps = decision.steps.map(
    ({ because, persons, step }) =>
      `  ${step.drop === undefined ? 'made coarser' : 'left out'}: ${columnOf(step)}; then ${small(persons)}${because === 'earlier-run' ? ' (an earlier run took this step)' : ''}\n`,
  )
  const end = decision.isRefused
    ? 'The extraction would be refused: nothing is left to do, and persons are in small cells.\n'
    : decision.left > 0
      ? `Rows of these are left out; of persons of whom nothing is left there are ${small(decision.suppressedPersons)}.\n`
      : ''
  return `\nPersons in cells of fewer than ${decision.policy.k}, by what is known of them and one row: ${small(decision.before.persons)}\n${steps.join('')}${end}`
}

export function builtJson(directory: string, manifest: Manifest): Readonly<Record<string, unknown>> {
  return {
    project: manifest.project.id,
    dry_run: false,
    run: manifest.run.id,
    database: manifest.database,
    directory,
    persons: manifest.cohort.persons,
    source_patients: manifest.cohort.source_patients,
    tables: manifest.tables.map(({ name, rows, persons, file, bytes, sha256 }) => ({
      table: name,
      rows,
      persons,
      file,
      bytes,
      sha256,
    })),
  }
}

export function builtText(directory: string, manifest: Manifest): string {
  const rows = manifest.tables.map(({ name, rows: count, persons, file, bytes, sha256 }) => [
    name,
    thousands(count),
    thousands(persons),
    file,
    thousands(bytes),
    sha256.slice(0, 16),
  ])
  const files = table(['table', 'rows', 'persons', 'file', 'bytes', 'sha256'], rows)
  return `${files}\ndatabase  ${manifest.database}\npersons   ${thousands(manifest.cohort.persons)} (${thousands(manifest.cohort.source_patients)} source patients)\nfiles     ${directory}\n${scoredLines(manifest.linkage.scored, thousands)}${smallCellLines(manifest)}`
}

/** What the author of the project may leave out, one table a line; nothing where no cell is small. */
function smallCellLines({ tables }: Manifest): string {
  const lines = tables.flatMap(({ name, small_cells: cells }) => {
    if (!cells || cells.persons === 0) return []
    const steps = cells.leave_out.map(({ column, persons }) => `${column} (${thousands(persons)} are left)`)
    return [
      `  ${name}: ${thousands(cells.persons)} by ${cells.columns.join(', ') || 'the table alone'}${steps.length > 0 ? `; leave out ${steps.join(', then ')}` : ''}\n`,
    ]
  })
  return lines.length === 0 ? '' : `\nPersons in cells of fewer than ${tables[0]?.small_cells?.k}:\n${lines.join('')}`
}

export function smallCellsLeft(id: string, { policy }: SmallCellsDecision): string {
  return `chainon: project ${id} was not built: after all its steps, persons are in cells of fewer than ${policy.k}.
Add steps to small_cells, or allow rows to be left out with suppress_up_to. --dry-run shows what each step leaves.
`
}

export function tooDifferent(id: string, run: string): string {
  return `chainon: project ${id} was not built: together with run ${run}, persons are in small cells.
Both have the same pseudonyms, so their difference shows who came, went or changed. Extract again when more has changed, or
accept it with 'difference: tell' in small_cells (the manifest records it).
`
}

export function tooSmall(id: string, minimum: number): string {
  return `chainon: project ${id} was not built: its cohort has fewer than ${minimum} persons.
In a small group, rare properties can identify a person although all names are replaced by pseudonyms.
Widen the cohort. If the small group is approved, run again with --allow-small (the manifest records it).
`
}
