import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'

export const extractConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'extract',
    [
      ...KAFKA_KEYS,
      ...CLICKHOUSE_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_DATA_DIR',
      'CHAINON_SECRETS_DIR',
      'CHAINON_FEEDS_DIR',
      'CHAINON_LOG_LEVEL',
    ],
    env,
  )

export type ExtractConfig = ReturnType<typeof extractConfig>
