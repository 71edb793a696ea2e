/** ClickHouse for an extraction: statements, streams of rows, and errors that contain no value. */
import { Readable } from 'node:stream'
import { ClickHouseError } from '@clickhouse/client'
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { quote } from '#core/contract/table.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { Sql } from './cohort.ts'
import type { ExtractConfig } from './config.ts'

export interface Warehouse {
  /** The warehouse's own database. */
  readonly database: string
  command(sql: Sql | string): Promise<void>
  rows<Row>(sql: Sql | string): Promise<readonly Row[]>
  /** The bytes of the answer; the statement names its FORMAT. */
  stream(sql: Sql | string): Promise<Readable>
  /** @param bytes lines of TabSeparated in the order of `columns` */
  insert(table: string, columns: readonly string[], bytes: Buffer): Promise<void>
  databases(): Promise<readonly { readonly name: string; readonly comment: string }[]>
  /** Which secrets made the pseudonyms of projects. */
  readonly keys: KeyRegister
  close(): Promise<void>
}

/** A statement of an extraction may run long before its first byte. */
const REQUEST_TIMEOUT_MS = 3_600_000

/** Joins and groupings use the disk, so that memory does not grow with the number of persons. */
const BOUNDED = {
  join_algorithm: 'grace_hash',
  max_bytes_before_external_group_by: '536870912',
  max_bytes_before_external_sort: '536870912',
} as const

export function openWarehouse(config: ExtractConfig): Warehouse {
  // The configured database may not exist yet; then every statement would fail with the same error.
  const client = clickhouseClient('extract', config, 'default', REQUEST_TIMEOUT_MS)
  const text = (sql: Sql | string) =>
    typeof sql === 'string'
      ? { query: sql, clickhouse_settings: BOUNDED }
      : { query: sql.query, query_params: { ...sql.parameters }, clickhouse_settings: BOUNDED }
  const ownDatabase = clickhouseClient('extract', config)
  const register = warehouseRegister(ownDatabase)
  return {
    database: config.CLICKHOUSE_DATABASE,
    async command(sql) {
      await guarded(() => client.command(text(sql)))
    },
    rows: <Row>(sql: Sql | string) =>
      guarded(async () => (await client.query({ ...text(sql), format: 'JSONEachRow' })).json<Row>()),
    stream: (sql) => guarded(async () => (await client.exec(text(sql))).stream),
    insert: (table, columns, bytes) => guarded(() => insert(client, table, columns, bytes)),
    databases: () =>
      guarded(async () =>
        (await client.query({ query: 'SELECT name, comment FROM system.databases', format: 'JSONEachRow' })).json<{
          name: string
          comment: string
        }>(),
      ),
    keys: {
      read: () =>
        guarded(async () => {
          await assertProvisioned(client, config.CLICKHOUSE_DATABASE)
          return await register.read()
        }),
      register: (name, fingerprint) => guarded(() => register.register(name, fingerprint)),
    },
    async close() {
      await client.close()
      await ownDatabase.close()
    },
  }
}

/** A right on a table that does not exist is a right that is lacking: ClickHouse would say that, and not that nothing is there. */
async function assertProvisioned(client: ClickHouseClient, database: string): Promise<void> {
  const result = await client.query({
    query: "SELECT name FROM system.tables WHERE database = {database:String} AND name = 'key_fingerprint'",
    query_params: { database },
    format: 'JSONEachRow',
  })
  if ((await result.json()).length === 0)
    throw new ChainonError('dependency-unavailable', `ClickHouse has no register of keys${hint('60')}`)
}

/** Also for an error while a stream is read. */
export function asDependencyError(error: unknown): unknown {
  if (error instanceof ChainonError) return error
  if (error instanceof ClickHouseError)
    return new ChainonError(
      faultCodeOf(error.code),
      `ClickHouse rejected a statement: ${error.type ?? 'error'} (${error.code})${hint(error.code)}`,
    )
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const lost = code !== undefined && /^E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_)|^UND_|ABORTED|ERR_STREAM/.test(code)
  const timeout = error instanceof Error && /timeout|socket hang up|aborted/i.test(error.message)
  if (lost || timeout)
    return new ChainonError(
      'dependency-unavailable',
      `ClickHouse does not answer (${code ?? 'connection lost'}): is it running, and is CLICKHOUSE_URL right?`,
    )
  return error
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asDependencyError(error)
  }
}

async function insert(
  client: ClickHouseClient,
  table: string,
  columns: readonly string[],
  bytes: Buffer,
): Promise<void> {
  await client
    .exec({
      query: `INSERT INTO ${table} (${columns.map(quote).join(', ')}) FORMAT TabSeparated`,
      values: Readable.from([bytes], { objectMode: false }),
      clickhouse_settings: { async_insert: 0, input_format_parallel_parsing: 0 },
    })
    .then(({ stream }) => stream.resume())
}

/** Syntax, unknown column, wrong type: the statements are Chainon's, so these are bugs. */
function faultCodeOf(code: string): 'bug' | 'dependency-unavailable' {
  return ['43', '47', '53', '62'].includes(code) ? 'bug' : 'dependency-unavailable'
}

function hint(code: string): string {
  if (code === '60' || code === '81')
    return '; the warehouse lacks a table: start Chainon once (chainon up), which creates the tables'
  if (code === '241') return '; a statement needed more memory than ClickHouse allows'
  if (code === '497') return '; the user of CLICKHOUSE_USER lacks a right (deploy/clickhouse/README.md)'
  if (code === '516') return '; check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD'
  return ''
}
