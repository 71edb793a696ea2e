/**
 * Inserts exactly one block under a deduplication token. The token's identity embeds how the data was split into blocks, so
 * the settings that decide the split are fixed here, and every insert of the exactly-once path goes through this function.
 */
import type { ResponseHeaders } from '@clickhouse/client'
import type { ClickHouseClient } from './client.ts'

export interface Block {
  readonly table: string
  readonly columns: readonly [string, ...string[]]
  /** Values in the order of `columns`. */
  readonly rows: readonly (readonly unknown[])[]
  /** The same range always has the same token: `feed:incarnation:partition:from-to:table`. */
  readonly token: string
  /** How the rows of this block are found in the table: a token is never the only proof that they are there. */
  readonly stored: StoredRows
}

export interface StoredRows {
  /** A condition that the rows of the block's range meet, with the parameters `{name:Type}` of `params`. */
  readonly where: string
  readonly params: Readonly<Record<string, unknown>>
  /** Columns that tell the rows of the range apart; none when the block has one row, or is counted as a whole. */
  readonly key: readonly string[]
  /** Only for a table that forgets superseded rows. */
  readonly superseded?: SupersededRows
}

/** How a row is recognised that was inserted and that ClickHouse has removed since, in favour of a later version of its record. */
export interface SupersededRows {
  /** Columns of the block with the record's name and version. */
  readonly record: string
  readonly version: string
  /** Selects the values of `key` that were ever inserted into the table, as text, with the parameters of `params`. */
  readonly inserted: string
  /** Adds to what `inserted` reads the rows of the table that it lacks: ClickHouse may have been killed between the two. */
  readonly complete: (client: ClickHouseClient) => Promise<void>
}

/** Longest wait for a replica that fetches what it lacks, in seconds; then the caller decides (TIMEOUT_EXCEEDED is a temporary error). */
const FETCHED_WITHIN_S = 5

/** An insert runs no longer than this in ClickHouse: far above what a block takes. */
export const LONGEST_INSERT_MS = 30_000
/** The server's own answer, when it abandons an insert, is more telling than the client's. */
const CLIENT_WAITS_LONGER_MS = 5000
/** Far above any block we form, so that ClickHouse never splits one. */
const ONE_BLOCK_ROWS = '1048576'

/** @param longestMs after which ClickHouse abandons the insert; the client gives up a little later */
export async function insertBlock(
  client: ClickHouseClient,
  block: Omit<Block, 'stored'>,
  longestMs = LONGEST_INSERT_MS,
): Promise<void> {
  if (block.rows.length === 0) return
  await client.insert({
    table: block.table,
    columns: [...block.columns] as [string, ...string[]],
    values: block.rows as unknown[],
    format: 'JSONCompactEachRow',
    abort_signal: AbortSignal.timeout(longestMs + CLIENT_WAITS_LONGER_MS),
    clickhouse_settings: {
      max_execution_time: longestMs / 1000,
      insert_deduplication_token: block.token,
      insert_deduplicate: 1,
      async_insert: 0,
      // Every origin has its row: the default keeps only the last version of a record in a block, and a lookup would miss the others.
      optimize_on_insert: 0,
      input_format_parallel_parsing: 0,
      max_insert_block_size: ONE_BLOCK_ROWS,
      min_insert_block_size_rows: ONE_BLOCK_ROWS,
      min_insert_block_size_bytes: '0',
      max_block_size: ONE_BLOCK_ROWS,
    },
  })
}

/**
 * @returns the rows of the block that are not in its table, and were not superseded there. ClickHouse writes a block's token before it renames the part into
 *   place: killed between the two, it has the token without the rows, and drops the retry as a duplicate.
 * @throws Error when the server is a replica that is behind: what it does not have yet is not missing
 */
export async function missingRows(client: ClickHouseClient, block: Block): Promise<readonly (readonly unknown[])[]> {
  const { where, params, key, superseded } = block.stored
  const fetchedBy = await fetchReplicated(client, block.table)
  // First: a merge may remove a superseded row at any time, and then only this knows that it was inserted.
  if (superseded) await superseded.complete(client)
  const names = key.length > 0 ? key.map((name) => `toString(${name})`).join(', ') : "'stored'"
  const result = await client.query({
    query: `SELECT DISTINCT ${names} FROM ${block.table} WHERE ${where}`,
    query_params: { ...params },
    format: 'JSONCompactEachRow',
  })
  if (fetchedBy !== undefined && fetchedBy !== serverOf(result))
    throw new Error(`rows of ${block.table} were looked up on another replica`)
  const stored = new Set((await result.json<readonly string[]>()).map((values) => values.join('\0')))
  if (key.length === 0) return stored.size > 0 ? [] : block.rows
  const places = key.map((name) => block.columns.indexOf(name))
  const keyOf = (row: readonly unknown[]) => places.map((place) => String(row[place])).join('\0')
  const missing = block.rows.filter((row) => !stored.has(keyOf(row)))
  if (missing.length === 0 || !superseded) return missing
  const keys = await client.query({
    query: superseded.inserted,
    query_params: { ...params },
    format: 'JSONCompactEachRow',
  })
  const inserted = new Set((await keys.json<readonly string[]>()).map((values) => values.join('\0')))
  // Few: what was inserted once, and was merged away or lost since.
  const gone = missing.filter((row) => inserted.has(keyOf(row)))
  const forgotten = await supersededRows(client, block, superseded, gone)
  return missing.filter((row) => !forgotten.has(row))
}

/** Parameters are part of a request's address, whose length servers limit. */
const RECORDS_PER_QUERY = 100

/** @returns those of the rows of which the table has a later version */
async function supersededRows(
  client: ClickHouseClient,
  { table, columns }: Block,
  { record, version }: SupersededRows,
  rows: readonly (readonly unknown[])[],
): Promise<ReadonlySet<readonly unknown[]>> {
  const [idAt, versionAt] = [columns.indexOf(record), columns.indexOf(version)]
  const found = new Set<readonly unknown[]>()
  for (let at = 0; at < rows.length; at += RECORDS_PER_QUERY) {
    const some = rows.slice(at, at + RECORDS_PER_QUERY)
    const newest = await client.query({
      query: `SELECT ${record}, toString(max(${version})) FROM ${table} WHERE ${record} IN {records:Array(String)} GROUP BY ${record}`,
      query_params: { records: some.map((row) => String(row[idAt])) },
      format: 'JSONCompactEachRow',
    })
    const versions = new Map(await newest.json<[string, string]>())
    for (const row of some)
      if (BigInt(versions.get(String(row[idAt])) ?? -1) > BigInt(String(row[versionAt]))) found.add(row)
  }
  return found
}

/**
 * Rows that another replica accepted and this one has not fetched are inserted a second time if they are taken for missing, under a
 * token that Keeper does not know: so a replica fetches everything that the table's log names before it is asked.
 * @returns the server, undefined when the table is not replicated
 */
async function fetchReplicated(client: ClickHouseClient, table: string): Promise<string | undefined> {
  if (!(await isReplicated(client, table))) return undefined
  const synchronised = await client.command({
    query: `SYSTEM SYNC REPLICA ${table} LIGHTWEIGHT`,
    clickhouse_settings: { receive_timeout: FETCHED_WITHIN_S },
  })
  return serverOf(synchronised)
}

/** By client, which has one database. Asked once: a look-up of `system.tables` costs more than the rows that are looked for. Who makes a table replicated stops what loads it. */
const engines = new WeakMap<ClickHouseClient, Map<string, boolean>>()

async function isReplicated(client: ClickHouseClient, table: string): Promise<boolean> {
  const known = engines.get(client) ?? new Map<string, boolean>()
  engines.set(client, known)
  const remembered = known.get(table)
  if (remembered !== undefined) return remembered
  const result = await client.query({
    query: 'SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    query_params: { table },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ engine: string }>()
  const replicated = row?.engine.startsWith('Replicated') ?? false
  if (row) known.set(table, replicated)
  return replicated
}

/** A load balancer may send two requests to two replicas. */
function serverOf({ response_headers }: { readonly response_headers: ResponseHeaders }): string {
  return String(response_headers['x-clickhouse-server-display-name'] ?? '')
}
