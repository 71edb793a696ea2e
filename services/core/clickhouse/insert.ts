/**
 * Inserts exactly one block under a deduplication token. The token's identity embeds how the data was split into blocks, so
 * the settings that decide the split are fixed here, and every insert of the exactly-once path goes through this function.
 */
import type { ClickHouseClient } from './client.ts'

export interface Block {
  readonly table: string
  readonly columns: readonly [string, ...string[]]
  /** Values in the order of `columns`. */
  readonly rows: readonly (readonly unknown[])[]
  /** The same range always has the same token: `feed:partition:from-to:table`. */
  readonly token: string
}

/** Far above any block we form, so that ClickHouse never splits one. */
const ONE_BLOCK_ROWS = '1048576'

export async function insertBlock(client: ClickHouseClient, block: Block): Promise<void> {
  if (block.rows.length === 0) return
  await client.insert({
    table: block.table,
    columns: [...block.columns] as [string, ...string[]],
    values: block.rows as unknown[],
    format: 'JSONCompactEachRow',
    clickhouse_settings: {
      insert_deduplication_token: block.token,
      insert_deduplicate: 1,
      async_insert: 0,
      input_format_parallel_parsing: 0,
      max_insert_block_size: ONE_BLOCK_ROWS,
      min_insert_block_size_rows: ONE_BLOCK_ROWS,
      min_insert_block_size_bytes: '0',
      max_block_size: ONE_BLOCK_ROWS,
    },
  })
}
