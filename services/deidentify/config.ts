import { REGISTRY_KEYS } from '#core/avro/registry.ts'
import { readConfig } from '#core/config/read.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'

export const deidentifyConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'deidentify',
    [
      ...KAFKA_KEYS,
      ...REGISTRY_KEYS,
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_SECRETS_DIR',
      'CHAINON_HTTP_HOST',
      'CHAINON_HTTP_PORT',
      'CHAINON_LOG_LEVEL',
    ],
    env,
  )
