/** ClickHouse: all columns of all tables of all databases that the user may see, and what the server logs of itself. */
import type { Readable } from 'node:stream'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { literal, quote } from '#core/contract/table.ts'
import type { PlaceReport, Search } from '../search.ts'

interface Table {
  readonly database: string
  readonly name: string
  readonly engine: string
}

/**
 * Of the system's tables those that can hold what was written or asked; the others describe the server. A view with a parameter cannot be read as it is, and has
 * only rows of tables that are.
 */
const TABLES = `SELECT database, name, engine FROM system.tables WHERE lower(database) != 'information_schema' AND (database != 'system' OR endsWith(name, '_log')
  OR name IN ('errors', 'processes', 'query_cache', 'mutations', 'warnings', 'parts', 'parts_columns'))
  AND NOT (engine = 'View' AND match(as_select, '\\\\{\\\\w+ *:')) ORDER BY database, name`

/**
 * A table of parts is read in those parts that were written since the mark, whatever merged them meanwhile; a table of another kind whole.
 *
 * @param since seconds since 1970; 0 reads everything
 */
export async function searchClickhouse(client: ClickHouseClient, search: Search, since: number): Promise<PlaceReport> {
  let tables: readonly Table[] = []
  try {
    tables = await (await client.query({ query: TABLES, format: 'JSONEachRow' })).json<Table>()
  } catch (error) {
    search.unread('the list of tables', error)
  }
  for (const table of tables) {
    const where = `table ${table.database}.${table.name}`
    search.scan(where, `${table.database}.${table.name}`)
    await readTable(client, table, since, search.stream(where)).catch((error: unknown) => search.unread(where, error))
  }
  return search.report('ClickHouse', `${tables.length} tables and views, all columns`, true)
}

async function readTable(
  client: ClickHouseClient,
  { database, engine, name }: Table,
  since: number,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  const parts =
    since > 0 && engine.endsWith('MergeTree')
      ? ` WHERE _part IN (SELECT name FROM system.parts WHERE database = ${literal(database)} AND table = ${literal(name)} AND active AND modification_time >= toDateTime(${since}))`
      : ''
  // Raw: a text is searched as its bytes, and a number as its digits.
  const { stream } = await client.exec({
    query: `SELECT * FROM ${quote(database)}.${quote(name)}${parts} FORMAT TabSeparatedRaw`,
  })
  for await (const piece of stream as AsyncIterable<Buffer> & Readable) onPiece(piece)
}
