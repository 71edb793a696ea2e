/** Builds one table of a project: creates it, replaces the pseudonyms of its rows, merges it into one sorted part. */
import { literal, quote } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { conditionsSql, ParameterBag, periodSql, type Sql } from './cohort.ts'
import { type Lost, type OutputColumn, planColumns, subjectColumn, type TableColumns } from './columns.ts'
import type { ProjectFile, ProjectTable } from './project-file.ts'
import { type ProjectPseudonyms, replaceIdentifiers } from './pseudonyms.ts'
import { asDependencyError, type Warehouse } from './warehouse.ts'

export interface TablePlan {
  readonly name: string
  readonly contract: FeedContract
  readonly table: ProjectTable
  readonly columns: TableColumns
  /** Quoted columns by which rows are sorted: a total order, except for rows that are equal in all columns. */
  readonly order: readonly string[]
}

/** Rows of small cells are left out: a row stays when its cell is in the table of cells. */
export interface RowFilter {
  /** Quoted name. */
  readonly cells: string
  /** SQL over the warehouse's view, aliased `f`, and the cohort, aliased `c`. */
  readonly cell: string
}

export interface TableCounts {
  readonly rows: number
  readonly persons: number
  readonly noEventTime: number
  readonly outsidePeriod: number
}

export function planTable(project: ProjectFile, table: ProjectTable, contract: FeedContract, lost?: Lost): TablePlan {
  const columns = planColumns(contract, table.columns, project.decisions, lost)
  const names = columns.kept.map((column) => column.name)
  const order = names.includes('record_id') ? ['person_id', 'record_id'] : names
  return { name: table.feed, contract, table, columns, order: order.map(quote) }
}

/** @param cohort quoted name of the table of the cohort's source patients */
export async function countTable(
  warehouse: Warehouse,
  plan: TablePlan,
  project: ProjectFile,
  cohort: string,
): Promise<TableCounts> {
  const bag = new ParameterBag()
  const event = `f.${quote(plan.contract.fields.find((field) => field.name === plan.contract.eventTime)?.as ?? '')}`
  const inPeriod = plan.table.wholeHistory ? '1' : periodSql(plan.contract, project.period, 'f.', bag)
  const dated = plan.table.wholeHistory ? '1' : `isNotNull(${event})`
  const query = `SELECT toString(countIf(inside)) AS rows, toString(uniqExactIf(person, inside)) AS persons,
    toString(countIf(NOT dated)) AS undated, toString(countIf(dated AND NOT inside)) AS outside
    FROM (SELECT c.person_id AS person, ${inPeriod} AS inside, ${dated} AS dated FROM ${joined(warehouse, plan, cohort)}
      WHERE ${conditionsSql(plan.table.where, 'f.', bag)})`
  const [row] = await warehouse.rows<{ rows: string; persons: string; undated: string; outside: string }>({
    query,
    parameters: bag.values,
  })
  if (!row) throw new ChainonError('dependency-unavailable', 'ClickHouse returned no count')
  return {
    rows: Number(row.rows),
    persons: Number(row.persons),
    noEventTime: Number(row.undated),
    outsidePeriod: Number(row.outside),
  }
}

/**
 * @param target quoted name of the table to make
 * @param onRows called after each batch with the number of rows in the table
 * @returns rows and persons of the finished table
 */
export async function buildTable(
  warehouse: Warehouse,
  plan: TablePlan,
  project: ProjectFile,
  names: { readonly cohort: string; readonly target: string; readonly filter?: RowFilter | undefined },
  pseudonyms: ProjectPseudonyms,
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<{ readonly rows: number; readonly persons: number }> {
  await warehouse.command(createSql(plan, names.target))
  // The identifiers are first in a line, so that what follows them is copied unchanged.
  const replaced = plan.columns.kept.filter((column) => column.domain !== undefined)
  const columns = [...replaced, ...plan.columns.kept.filter((column) => column.domain === undefined)]
  const source = await warehouse.stream(selectSql(warehouse, plan, project, names, columns))
  const domains = replaced.flatMap(({ domain }) => domain ?? [])
  let rows = 0
  // One insert is under way while the next batch is read: at most two batches are in memory.
  let pending: Promise<void> = Promise.resolve()
  try {
    for await (const batch of replaceIdentifiers(source, domains, pseudonyms)) {
      await pending
      signal.throwIfAborted()
      rows += batch.rows
      const reached = rows
      pending = warehouse
        .insert(
          names.target,
          columns.map(({ name }) => name),
          batch.bytes,
        )
        .then(() => onRows(reached))
      pending.catch(() => undefined)
    }
    await pending
  } catch (error) {
    source.destroy()
    throw asDependencyError(error)
  }
  await warehouse.command(`OPTIMIZE TABLE ${names.target} FINAL`)
  const [count] = await warehouse.rows<{ rows: string; persons: string }>(
    `SELECT toString(count()) AS rows, toString(uniqExact(person_id)) AS persons FROM ${names.target}`,
  )
  if (Number(count?.rows) !== rows)
    throw new ChainonError(
      'dependency-unavailable',
      `table ${plan.name}: ${rows} rows were sent and ClickHouse has another number`,
    )
  return { rows, persons: Number(count?.persons) }
}

/**
 * Measures how many persons can be told apart by the values of one row. ClickHouse groups on its disk beyond a gigabyte.
 *
 * @param target quoted name of the finished table
 * @returns persons with a row whose values, without the pseudonyms, no other person of the table has
 */
export async function countUnique(warehouse: Warehouse, plan: TablePlan, target: string): Promise<number> {
  const [row] = await warehouse.rows<{ persons: string }>(uniqueSql(plan, target))
  return Number(row?.persons ?? 0)
}

export function uniqueSql({ columns }: TablePlan, target: string): string {
  const values = columns.kept
    .filter(({ domain }) => domain === undefined || domain === 'shifted')
    .map(({ name }) => quote(name))
  return `SELECT toString(uniqExact(person)) AS persons FROM (
    SELECT min(person_id) AS person FROM ${target} GROUP BY ${values.length === 0 ? 'tuple()' : values.join(', ')} HAVING min(person_id) = max(person_id)
  ) SETTINGS max_bytes_before_external_group_by = 1000000000`
}

function createSql(plan: TablePlan, target: string): string {
  const define = (column: OutputColumn) => `${quote(column.name)} ${column.type} COMMENT ${literal(column.description)}`
  return `CREATE TABLE ${target} (
  ${plan.columns.kept.map(define).join(',\n  ')}
) ENGINE = MergeTree PRIMARY KEY person_id ORDER BY (${plan.order.join(', ')})
SETTINGS allow_nullable_key = 1 COMMENT ${literal(plan.contract.doc)}`
}

function selectSql(
  warehouse: Warehouse,
  plan: TablePlan,
  project: ProjectFile,
  { cohort, filter }: { readonly cohort: string; readonly filter?: RowFilter | undefined },
  columns: readonly OutputColumn[],
): Sql {
  const bag = new ParameterBag()
  const values = columns.map(({ expression }, index) => `${expression} AS v${index}`).join(', ')
  const rows = rowsSql(warehouse, plan, project, cohort, bag)
  const query = filter
    ? `SELECT ${columns.map((_, index) => `r.v${index}`).join(', ')} FROM (SELECT ${values}, ${filter.cell} AS cell FROM ${rows}) AS r
      INNER JOIN ${filter.cells} AS large ON large.cell = r.cell FORMAT TabSeparated`
    : `SELECT ${values} FROM ${rows} FORMAT TabSeparated`
  return { query, parameters: bag.values }
}

/** @returns what stands after FROM for the rows of the table: the view as `f`, the cohort as `c`, and the conditions */
export function rowsSql(
  warehouse: Warehouse,
  plan: TablePlan,
  project: ProjectFile,
  cohort: string,
  bag: ParameterBag,
): string {
  const where = [conditionsSql(plan.table.where, 'f.', bag)]
  if (!plan.table.wholeHistory) where.push(periodSql(plan.contract, project.period, 'f.', bag))
  return `${joined(warehouse, plan, cohort)} WHERE ${where.join(' AND ')}`
}

function joined(warehouse: Warehouse, plan: TablePlan, cohort: string): string {
  const view = `${quote(warehouse.database)}.${quote(plan.contract.feed)}`
  return `${view} AS f INNER JOIN ${cohort} AS c ON c.patient_id = f.${quote(subjectColumn(plan.contract))}`
}
