/**
 * Compares the deduplication windows with the deadline of an intent: a window counts the blocks of all writers of a table, and it must
 * reach back further than the deadline, or else a late insert of the same block would not be recognised.
 */
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { tableOf } from '#core/contract/names.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

const SHARED = ['ledger_batch', 'quarantine', 'rule_outcome', 'person_link']
/** ClickHouse's own default for a replicated table; for another table it is 0, which is no deduplication at all. */
const REPLICATED_DEFAULT = 10_000

export interface TightWindow {
  readonly table: string
  /** Blocks that the window holds. */
  readonly window: number
  /** Blocks that all workers inserted within the last deadline. */
  readonly blocks: number
}

/**
 * @param engines table to its engine with the settings, as `system.tables` has them
 * @returns table to the blocks that its window holds
 */
export function windowsOf(engines: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  return new Map(
    [...engines].map(([table, engine]) => {
      const replicated = engine.startsWith('Replicated')
      const setting = new RegExp(`\\b${replicated ? '' : 'non_'}replicated_deduplication_window = (\\d+)`).exec(engine)
      return [table, setting ? Number(setting[1]) : replicated ? REPLICATED_DEFAULT : 0]
    }),
  )
}

/**
 * @param all blocks of a shared table: fewer than those of the feeds when a block has batches of several feeds
 * @returns the windows of which the deadline needs more than half, at the rate of the last deadline
 */
export function tightWindows(
  windows: ReadonlyMap<string, number>,
  blocksByFeed: ReadonlyMap<string, number>,
  all = [...blocksByFeed.values()].reduce((sum, blocks) => sum + blocks, 0),
): readonly TightWindow[] {
  const byTable = new Map([...blocksByFeed].map(([feed, blocks]) => [tableOf(feed), blocks]))
  return [...windows]
    .map(([table, window]) => ({ table, window, blocks: byTable.get(table) ?? (SHARED.includes(table) ? all : 0) }))
    .filter(({ window, blocks }) => blocks * 2 > window)
}

/** @throws ConfigurationError for a table without a window; Error of ClickHouse */
export async function checkWindows(
  clickhouse: ClickHouseClient,
  database: string,
  feeds: readonly string[],
  deadlineMs: number,
): Promise<readonly TightWindow[]> {
  const tables = [...SHARED, ...feeds.map(tableOf)]
  const described = await clickhouse.query({
    query:
      'SELECT name, engine_full AS engine FROM system.tables WHERE database = {database:String} AND name IN {tables:Array(String)}',
    query_params: { database, tables },
    format: 'JSONEachRow',
  })
  const rows = await described.json<{ name: string; engine: string }>()
  const windows = windowsOf(new Map(rows.map(({ name, engine }) => [name, engine])))
  const none = [...windows].filter(([, window]) => window === 0)
  if (none.length > 0)
    throw new ConfigurationError(
      'Tables without a deduplication window',
      none.map(([table]) => `${table}: set non_replicated_deduplication_window, as schemas/clickhouse does`),
    )
  // The tiles of one block have one time. Two blocks of the same millisecond count as one, which half of a window allows for.
  const blocksOf = (feed: string, grouped: string) =>
    `SELECT ${feed} AS name, toString(uniqExact(loaded_at)) AS blocks FROM ledger_batch
     WHERE loaded_at > now64() - toIntervalMillisecond({deadline:UInt64}) ${grouped}`
  const counted = await clickhouse.query({
    query: `${blocksOf('toString(feed)', 'GROUP BY feed')} UNION ALL ${blocksOf("''", '')}`,
    query_params: { deadline: deadlineMs },
    format: 'JSONEachRow',
  })
  const counts = await counted.json<{ name: string; blocks: string }>()
  const blocks = new Map(counts.map(({ name, blocks: number }) => [name, Number(number)]))
  const all = blocks.get('')
  blocks.delete('')
  return tightWindows(windows, blocks, all)
}
