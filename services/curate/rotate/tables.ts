/** The tables of a rotation in ClickHouse: copied under the new pseudonyms, compared, and put in the place of the old rows. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { quote } from '#core/contract/table.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { type PseudonymTable, WITNESS, writtenColumns } from './lineage.ts'
import {
  arePseudonyms,
  COMPARE_SETTINGS,
  COPY_SETTINGS,
  CREATE_STAGING,
  copyStatement,
  distinctName,
  factsQueries,
  looksLikePseudonyms,
  MAP,
  notOfVersion,
  PROGRESS,
  ROWS,
  STAGING,
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
async function countsOf(clickhouse: ClickHouseClient, query: string): Promise<readonly number[]> {
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

/**
 * @returns what keeps the warehouse from being rotated; empty: nothing. A column that the lineage does not know would keep pseudonyms of the old key.
 * @param mapped false before the log is read: then it is only known what looks like a pseudonym
 */
export async function unknownPseudonyms(
  clickhouse: ClickHouseClient,
  lineage: readonly PseudonymTable[],
  mapped: boolean,
): Promise<readonly string[]> {
  const problems: string[] = []
  const known = new Map(lineage.map((table) => [table.table, new Set(writtenColumns(table))]))
  for (const { name: table, columns } of (await storedTables(clickhouse)).values()) {
    if (table.startsWith(STAGING)) continue
    const texts = columns.filter(({ name, type }) => type.includes('String') && !known.get(table)?.has(name))
    if (texts.length === 0) continue
    const names = texts.map(({ name }) => name)
    const found = await countsOf(clickhouse, looksLikePseudonyms(names, table))
    for (const [index, column] of names.entries()) {
      const like = found[index] ?? 0
      const sure = mapped && like > 0 ? ((await countsOf(clickhouse, arePseudonyms(column, table)))[0] ?? 0) : like
      if (sure === 0) continue
      problems.push(
        `${table}.${column} has ${mapped ? sure : `up to ${sure}`} pseudonyms, and no contract names it as a pseudonym: restore the contract that made it, or remove the column or the table`,
      )
    }
  }
  return problems
}

/**
 * Makes the tables of the rotation to a version; those of another one are dropped.
 *
 * @param copied the copies are complete, and rows may have been replaced
 * @returns how far an earlier attempt was
 * @throws ChainonError key-rotation-refused when complete copies are not there any more
 */
export async function openStaging(
  clickhouse: ClickHouseClient,
  version: number,
  copied: boolean,
): Promise<ReadonlyMap<string, number>> {
  if (copied) {
    const left = (await storedTables(clickhouse)).has(PROGRESS) ? await readProgress(clickhouse) : new Map()
    if (left.get('version') === version) return left
    throw refused(['its copies are lost: restore ClickHouse from the backup of before the rotation'])
  }
  for (const query of CREATE_STAGING) await clickhouse.command({ query })
  const progress = await readProgress(clickhouse)
  if (progress.get('version') === version) return progress
  await dropStaging(clickhouse)
  for (const query of CREATE_STAGING) await clickhouse.command({ query })
  await note(clickhouse, 'version', version)
  return new Map()
}

export async function readProgress(clickhouse: ClickHouseClient): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf<{ name: string; value: string }>(
    clickhouse,
    `SELECT name, toString(max(p.value)) AS value FROM ${PROGRESS} AS p GROUP BY name`,
  )
  return new Map(rows.map(({ name, value }) => [name, Number(value)]))
}

/** Notes how far the rotation is; a higher value counts. */
export async function note(clickhouse: ClickHouseClient, name: string, value: number): Promise<void> {
  await clickhouse.insert({ table: PROGRESS, values: [{ name, value }], format: 'JSONEachRow' })
}

/** @returns whether there were any */
export async function dropStaging(clickhouse: ClickHouseClient): Promise<boolean> {
  const names = [...(await storedTables(clickhouse)).keys()].filter((name) => name.startsWith(STAGING))
  for (const name of names) await clickhouse.command({ query: `DROP TABLE IF EXISTS ${quote(name)} SYNC` })
  return names.length > 0
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
export async function statementsEnded(clickhouse: ClickHouseClient): Promise<void> {
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
