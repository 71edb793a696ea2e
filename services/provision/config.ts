import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'

export const provisionConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'provision',
    [
      ...KAFKA_KEYS,
      ...REGISTRY_KEYS,
      ...CLICKHOUSE_KEYS,
      'CLICKHOUSE_CLUSTER',
      'CHAINON_DATA_DIR',
      'CHAINON_SECRETS_DIR',
      'CHAINON_FEEDS_DIR',
      'CHAINON_PARTITIONS',
      'CHAINON_REPLICATION',
      'CHAINON_IDENTIFIED_RETENTION_HOURS',
      'CHAINON_LOG_LEVEL',
    ],
    env,
  )

export type ProvisionConfig = ReturnType<typeof provisionConfig>
