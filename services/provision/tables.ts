/** Runs the migrations of ClickHouse, and creates or extends the tables of the contracts. */
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { tableOf } from '#core/contract/names.ts'
import { quote, tableStatements } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { ProvisionConfig } from './config.ts'

const MIGRATIONS_DIR = new URL('../../schemas/clickhouse', import.meta.url).pathname

/** @param clusterId of the Kafka from which the records are loaded @throws ConfigurationError when the warehouse came from another */
export async function createTables(
  contracts: readonly FeedContract[],
  config: ProvisionConfig,
  clusterId: string,
  now: Date,
): Promise<readonly string[]> {
  const database = config.CLICKHOUSE_DATABASE
  const bootstrap = clickhouseClient('provision', config, 'default')
  await bootstrap.command({ query: `CREATE DATABASE IF NOT EXISTS ${quote(database)}` })
  await bootstrap.close()
  const client = clickhouseClient('provision', config)
  try {
    const ran = await migrate(client, MIGRATIONS_DIR, now)
    await checkCluster(client, config.CHAINON_NAMESPACE, clusterId, now)
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

/** The origins of another Kafka begin at 0, and would be dropped as replays without an alarm: the warehouse accepts one cluster only. */
async function checkCluster(client: ClickHouseClient, namespace: string, clusterId: string, now: Date): Promise<void> {
  const result = await client.query({
    query: 'SELECT cluster_id FROM log_identity WHERE namespace = {namespace:String} ORDER BY first_seen LIMIT 1',
    query_params: { namespace },
    format: 'JSONEachRow',
  })
  const [known] = await result.json<{ cluster_id: string }>()
  if (known === undefined) {
    const row = { namespace, cluster_id: clusterId, first_seen: now.getTime() }
    await client.insert({ table: 'log_identity', values: [row], format: 'JSONEachRow' })
  } else if (known.cluster_id !== clusterId) {
    throw new ConfigurationError('The warehouse was loaded from another Kafka', [
      `it was loaded from the cluster ${known.cluster_id}, and KAFKA_BROKERS is the cluster ${clusterId}: use the first one, or set CLICKHOUSE_DATABASE to an empty database`,
    ])
  }
}
