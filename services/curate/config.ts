import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'
import { REDIS_KEYS } from '#core/redis/client.ts'
import { WORKER_KEYS } from '#core/worker/worker.ts'

export const curateConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'curate',
    [
      ...WORKER_KEYS,
      ...CLICKHOUSE_KEYS,
      ...REDIS_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_BATCH_MAX_RECORDS',
      'CHAINON_LOAD_WAIT_MS',
      'CHAINON_INTENT_DEADLINE_SECONDS',
      'CHAINON_LINK_REBUILD',
      'CHAINON_REVIEW_SECRETS_DIR',
    ] as const,
    env,
  )

/** Of `rebuild/main.ts`: it reads the log and writes links, and listens on no port. */
export const linkConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'link',
    [
      ...KAFKA_KEYS,
      ...REGISTRY_KEYS,
      ...CLICKHOUSE_KEYS,
      ...REDIS_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_SECRETS_DIR',
      'CHAINON_LOG_LEVEL',
    ] as const,
    env,
  )
