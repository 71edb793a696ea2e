/** The tables of a rotation in ClickHouse: copied under the new pseudonyms, compared, and put in the place of the old rows. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { quote } from '#core/contract/table.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { type PseudonymTable, WITNESS } from './lineage.ts'
import {
  COMPARE_SETTINGS,
  COPY_SETTINGS,
  copyStatement,
  distinctName,
  factsQueries,
  notOfVersion,
  ROWS,
  stagingOf,
} from './statements.ts'

export interface StoredTable {
  readonly name: string
  readonly engine: string
  /** Names and types, in their order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

export interface TableFacts {
  readonly table: string
  readonly rows: number
  /** Different values, by column. */
  readonly distinct: Readonly<Record<string, number>>
}

export async function rowsOf<Row>(clickhouse: ClickHouseClient, query: string): Promise<readonly Row[]> {
  return (await clickhouse.query({ query, format: 'JSONEachRow' })).json<Row>()
}

/** @param query for one row of counts @returns them in their order; an alias could be the name of a column that the query counts */
export async function countsOf(clickhouse: ClickHouseClient, query: string): Promise<readonly number[]> {
  const [row = []] = await (await clickhouse.query({ query, format: 'JSONCompactEachRow' })).json<readonly unknown[]>()
  return row.map(Number)
}

/** @returns the tables of the warehouse that have rows of their own, by name */
export async function storedTables(clickhouse: ClickHouseClient): Promise<ReadonlyMap<string, StoredTable>> {
  const tables = await rowsOf<{ name: string; engine: string }>(
    clickhouse,
    "SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
  )
  const columns = await rowsOf<{ table: string; name: string; type: string }>(
    clickhouse,
    'SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position',
  )
  const of = Map.groupBy(columns, ({ table }) => table)
  return new Map(tables.map(({ name, engine }) => [name, { name, engine, columns: of.get(name) ?? [] }]))
}

/** @returns the tables that have rows; the others need no copy */
export async function withRows(
  clickhouse: ClickHouseClient,
  lineage: readonly PseudonymTable[],
): Promise<readonly PseudonymTable[]> {
  const found: PseudonymTable[] = []
  for (const table of lineage)
    if ((await countsOf(clickhouse, `SELECT count() FROM ${quote(table.table)}`))[0] !== 0) found.push(table)
  return found
}

/** Copies one table under the new pseudonyms; a copy that was not finished is made again. */
export async function copyTable(
  clickhouse: ClickHouseClient,
  table: PseudonymTable,
  all: readonly string[],
): Promise<void> {
  const staging = quote(stagingOf(table))
  await clickhouse.command({ query: `DROP TABLE IF EXISTS ${staging} SYNC` })
  await clickhouse.command({ query: `CREATE TABLE ${staging} AS ${quote(table.table)}` })
  await clickhouse.command({ query: copyStatement(table, all), clickhouse_settings: COPY_SETTINGS })
}

/**
 * Compares a table with its copy.
 * @param now milliseconds since 1970
 * @throws ChainonError key-rotation-refused that names the table and what differs, never a value
 */
export async function verifyTable(
  clickhouse: ClickHouseClient,
  table: PseudonymTable,
  all: readonly string[],
  version: number,
  now: number,
): Promise<TableFacts> {
  const staging = stagingOf(table)
  const problems: string[] = []
  const old = await othersOf(clickhouse, table, staging, version)
  for (const [column, count] of Object.entries(old))
    if (count > 0)
      problems.push(
        `${table.table}.${column}: ${count} values have no new pseudonym: the kept log does not have their records`,
      )
  const before = await numbersOf(clickhouse, table, table.table, all, now)
  const after = await numbersOf(clickhouse, table, staging, all, now)
  for (const [what, value] of Object.entries(before))
    if (after[what] !== value)
      problems.push(`${table.table}, ${what}: ${after[what]} in the copy, ${value} in the table`)
  if (problems.length > 0) throw refused(problems)
  return factsOf(table, after)
}

/** @param name of the table or its copy @param now milliseconds since 1970 */
export async function numbersOf(
  clickhouse: ClickHouseClient,
  table: PseudonymTable,
  name: string,
  all: readonly string[],
  now: number,
): Promise<Readonly<Record<string, string>>> {
  const numbers: Record<string, string> = {}
  for (const query of factsQueries(table, name, all, Math.floor(now / 1000))) {
    const result = await clickhouse.query({ query, format: 'JSONEachRow', clickhouse_settings: COMPARE_SETTINGS })
    Object.assign(numbers, ...(await result.json<Record<string, string>>()))
  }
  return numbers
}

export function factsOf({ table, columns }: PseudonymTable, numbers: Readonly<Record<string, string>>): TableFacts {
  const distinct = columns.map(({ column }) => [column, Number(numbers[distinctName(column)])] as const)
  return { table, rows: Number(numbers[ROWS]), distinct: Object.fromEntries(distinct) }
}

/** @param name of the table or its copy @returns by column, how many values are not of the version */
export async function othersOf(
  clickhouse: ClickHouseClient,
  table: PseudonymTable,
  name: string,
  version: number,
): Promise<Readonly<Record<string, number>>> {
  const expressions = table.columns.map((column) => notOfVersion(column, version))
  const counts = await countsOf(clickhouse, `SELECT ${expressions.join(', ')} FROM ${quote(name)}`)
  return Object.fromEntries(table.columns.map(({ column }, index) => [column, counts[index] ?? 0]))
}

/**
 * Puts the copies of the tables that had rows in the place of these; a second time changes nothing. The witness has no rows meanwhile: it would report every record of a table
 * that has its new rows already as missing.
 */
export async function switchTables(
  clickhouse: ClickHouseClient,
  lineage: readonly PseudonymTable[],
  before: (table: string) => void,
): Promise<void> {
  const stored = await storedTables(clickhouse)
  const lost = lineage.filter((table) => !stored.has(stagingOf(table)))
  if (lost.length > 0)
    throw refused(
      lost.map(
        (table) => `its copy ${stagingOf(table)} is lost: restore ClickHouse from the backup of before the rotation`,
      ),
    )
  before(WITNESS)
  await clickhouse.command({ query: `ALTER TABLE ${WITNESS} DROP PARTITION tuple()` })
  await statementsEnded(clickhouse)
  for (const table of lineage) {
    before(table.table)
    const staging = quote(stagingOf(table))
    await clickhouse.command({ query: `ALTER TABLE ${quote(table.table)} REPLACE PARTITION tuple() FROM ${staging}` })
  }
}

const LOOK_AGAIN_MS = 50
const BUDGET_MS = 60_000

/** Waits until every statement that runs now has ended: none of them has read the rows of before beside those of after. */
async function statementsEnded(clickhouse: ClickHouseClient): Promise<void> {
  const running = async () =>
    (await rowsOf<{ query_id: string }>(clickhouse, 'SELECT query_id FROM system.processes')).map((row) => row.query_id)
  const first = new Set(await running())
  for (const until = Date.now() + BUDGET_MS; ; await sleep(LOOK_AGAIN_MS)) {
    if (!(await running()).some((id) => first.has(id))) return
    if (Date.now() > until) throw refused(['a statement runs in ClickHouse for longer than a minute'])
  }
}

export function refused(problems: readonly string[]): ChainonError {
  return new ChainonError(
    'key-rotation-refused',
    `The key of pseudonyms is not rotated:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  )
}
