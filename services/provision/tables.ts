/** Runs the migrations of ClickHouse, and creates or extends the tables of the contracts. */
import { type ClickHouseClient, clickhouseClient } from '#core/clickhouse/client.ts'
import { claimWarehouse } from '#core/clickhouse/log-identity.ts'
import { migrate } from '#core/clickhouse/migrate.ts'
import { type PolicyVersion, registerPolicies } from '#core/clickhouse/policy-versions.ts'
import { onCluster } from '#core/clickhouse/replicated.ts'
import { tableOf } from '#core/contract/names.ts'
import { quote, tableStatements } from '#core/contract/table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import type { ProvisionConfig } from './config.ts'

const MIGRATIONS_DIR = new URL('../../schemas/clickhouse', import.meta.url).pathname

interface Created {
  /** Names of the migrations that ran now. */
  readonly migrations: readonly string[]
  /** Policies that are not those of the last run. */
  readonly policies: readonly Omit<PolicyVersion, 'since'>[]
}

/** @param clusterId of the Kafka from which the records are loaded @throws ConfigurationError when the warehouse came from another */
export async function createTables(
  contracts: readonly FeedContract[],
  config: ProvisionConfig,
  clusterId: string,
  now: Date,
): Promise<Created> {
  const database = config.CLICKHOUSE_DATABASE
  const cluster = config.CLICKHOUSE_CLUSTER
  const bootstrap = clickhouseClient('provision', config, 'default')
  try {
    if (cluster !== '') await checkReplicas(bootstrap, cluster)
    await bootstrap.command({ query: onCluster(`CREATE DATABASE IF NOT EXISTS ${quote(database)}`, cluster) })
  } finally {
    await bootstrap.close()
  }
  const client = clickhouseClient('provision', config)
  try {
    const migrations = await migrate(client, MIGRATIONS_DIR, now, cluster)
    await claimWarehouse(client, { namespace: config.CHAINON_NAMESPACE, clusterId }, now)
    const present = await presentColumns(client, database)
    for (const contract of contracts) {
      for (const statement of tableStatements(contract, database, present.get(tableOf(contract.feed)) ?? new Map())) {
        await client.command({ query: onCluster(statement, cluster) })
      }
    }
    return { migrations, policies: await registerPolicies(client, contracts, now) }
  } finally {
    await client.close()
  }
}

/**
 * The rows of a record are replaced by a later version only where both are on one server, and a token is known to the replicas of one
 * shard: a cluster of several shards would hold doubled rows, and is rejected until records are routed to shards.
 * @throws ConfigurationError when the cluster is unknown, has several shards, or the server lacks the macros of its Keeper path
 */
async function checkReplicas(client: ClickHouseClient, cluster: string): Promise<void> {
  const result = await client.query({
    query: `SELECT (SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = {cluster:String}) AS shards,
                   (SELECT groupArray(macro) FROM system.macros) AS macros`,
    query_params: { cluster },
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ shards: string; macros: string[] }>()
  const shards = Number(row?.shards ?? 0)
  const missing = ['shard', 'replica'].filter((macro) => !row?.macros.includes(macro))
  const problems = [
    ...(shards === 0 ? [`ClickHouse has no cluster ${cluster} in its remote_servers`] : []),
    ...(shards > 1
      ? [`the cluster ${cluster} has ${shards} shards, and Chainon loads one shard of several replicas`]
      : []),
    ...missing.map((macro) => `ClickHouse has no macro {${macro}}`),
  ]
  if (problems.length > 0) throw new ConfigurationError('CLICKHOUSE_CLUSTER cannot be used', problems)
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
