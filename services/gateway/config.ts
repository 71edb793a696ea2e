import { REGISTRY_KEYS } from '#core/avro/registry.ts'
import { readConfig } from '#core/config/read.ts'
import { checkHttp, HTTP_KEYS } from '#core/http/settings.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'

const DEFAULT_PORT = '8080'

/** The gateway's settings; it listens on 8080 by default. */
export const gatewayConfig = (env: NodeJS.ProcessEnv) =>
  checkHttp(
    'gateway',
    readConfig(
      'gateway',
      [
        ...KAFKA_KEYS,
        ...REGISTRY_KEYS,
        'REDIS_URL',
        ...HTTP_KEYS,
        'CHAINON_DATA_DIR',
        'CHAINON_SECRETS_DIR',
        'CHAINON_FEEDS_DIR',
        'CHAINON_LOG_LEVEL',
        'CHAINON_MAX_BODY_BYTES',
        'CHAINON_MAX_RECORD_BYTES',
        'CHAINON_MAX_RECORDS_PER_REQUEST',
        'CHAINON_MAX_INFLIGHT_BYTES',
        'CHAINON_IDEMPOTENCY_HOURS',
        'CHAINON_BACKLOG_LIMIT_PERCENT',
      ],
      { ...env, CHAINON_HTTP_PORT: env.CHAINON_HTTP_PORT || DEFAULT_PORT },
    ),
  )
