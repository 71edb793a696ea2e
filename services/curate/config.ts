import { REGISTRY_KEYS } from '#core/avro/registry.ts'
import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'

export const curateConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'curate',
    [
      ...KAFKA_KEYS,
      ...REGISTRY_KEYS,
      ...CLICKHOUSE_KEYS,
      'REDIS_URL',
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_SECRETS_DIR',
      'CHAINON_HTTP_HOST',
      'CHAINON_HTTP_PORT',
      'CHAINON_BATCH_MAX_RECORDS',
      'CHAINON_INTENT_DEADLINE_SECONDS',
      'CHAINON_LOG_LEVEL',
    ],
    env,
  )
