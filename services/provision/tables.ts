/** Brings ClickHouse up to the migrations and the contracts. */
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { tableOf } from '#core/contract/names.ts'
import { quote, tableStatements } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { ProvisionConfig } from './config.ts'

const MIGRATIONS_DIR = new URL('../../schemas/clickhouse', import.meta.url).pathname

export async function createTables(
  contracts: readonly FeedContract[],
  config: ProvisionConfig,
  now: Date,
): Promise<readonly string[]> {
  const database = config.CLICKHOUSE_DATABASE
  const bootstrap = clickhouseClient('provision', config, 'default')
  await bootstrap.command({ query: `CREATE DATABASE IF NOT EXISTS ${quote(database)}` })
  await bootstrap.close()
  const client = clickhouseClient('provision', config)
  try {
    const ran = await migrate(client, MIGRATIONS_DIR, now)
    const present = await presentColumns(client, database)
    for (const contract of contracts) {
      for (const statement of tableStatements(contract, database, present.get(tableOf(contract.feed)) ?? new Map())) {
        await client.command({ query: statement })
      }
    }
    return ran
  } finally {
    await client.close()
  }
}

async function presentColumns(
  client: ClickHouseClient,
  database: string,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const result = await client.query({
    query:
      'SELECT table, groupArray((name, type)) AS columns FROM system.columns WHERE database = {database:String} GROUP BY table',
    query_params: { database },
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ table: string; columns: [string, string][] }>()
  return new Map(rows.map(({ table, columns }) => [table, new Map(columns)]))
}
