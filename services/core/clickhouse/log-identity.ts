/**
 * Which log a warehouse was loaded from: one Kafka cluster and one namespace. The origins of another begin at 0 as well, and its links
 * would be those of other persons.
 */
import { ConfigurationError } from '../faults/errors.ts'
import type { ClickHouseClient } from './client.ts'

interface LogIdentity {
  readonly namespace: string
  readonly clusterId: string
}

/** @returns undefined when nothing was provisioned yet */
async function logIdentity(client: ClickHouseClient): Promise<LogIdentity | undefined> {
  const query = 'SELECT namespace, cluster_id AS clusterId FROM log_identity ORDER BY first_seen LIMIT 1'
  const result = await client.query({ query, format: 'JSONEachRow' })
  return (await result.json<LogIdentity>())[0]
}

/** @throws ConfigurationError when the warehouse was loaded under another namespace */
export async function checkNamespace(client: ClickHouseClient, namespace: string): Promise<void> {
  const known = await logIdentity(client)
  if (known && known.namespace !== namespace) throw otherNamespace(known.namespace, namespace)
}

/** Registers the log at the first call. @throws ConfigurationError when the warehouse was loaded from another */
export async function claimWarehouse(client: ClickHouseClient, mine: LogIdentity, now: Date): Promise<void> {
  const known = await logIdentity(client)
  if (known === undefined) {
    const row = { namespace: mine.namespace, cluster_id: mine.clusterId, first_seen: now.getTime() }
    await client.insert({ table: 'log_identity', values: [row], format: 'JSONEachRow' })
    return
  }
  if (known.namespace !== mine.namespace) throw otherNamespace(known.namespace, mine.namespace)
  if (known.clusterId !== mine.clusterId)
    throw new ConfigurationError('The warehouse was loaded from another Kafka', [
      `it was loaded from the cluster ${known.clusterId}, and KAFKA_BROKERS is the cluster ${mine.clusterId}: use the first one, or set CLICKHOUSE_DATABASE to an empty database`,
    ])
}

function otherNamespace(known: string, mine: string): ConfigurationError {
  return new ConfigurationError('The warehouse belongs to another namespace', [
    `it is loaded under CHAINON_NAMESPACE '${known}', and this is '${mine}': use the first one, or set CLICKHOUSE_DATABASE to a database of its own`,
  ])
}
