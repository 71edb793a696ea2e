import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { type Config, readConfig } from '#core/config/read.ts'
import { type LocalTime, localTime } from '#core/contract/local-time.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { checkHttp, HTTP_KEYS } from '#core/http/settings.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'
import { REDIS_KEYS } from '#core/redis/client.ts'
import type { Limits } from './app.ts'
import type { Settings } from './decode/hl7/settings.ts'
import { checkClients } from './http/client-certificates.ts'
import { TOKEN_KEYS } from './tokens/settings.ts'

const DEFAULT_PORT = '8080'
const MAX_SLOWED_LOGINS = 200
const REDIS_PAUSE_MS = 1_000

const LIMIT_KEYS = [
  'CHAINON_MAX_BODY_BYTES',
  'CHAINON_MAX_RECORD_BYTES',
  'CHAINON_MAX_RECORDS_PER_REQUEST',
  'CHAINON_MAX_INFLIGHT_BYTES',
  'CHAINON_PRODUCER_INFLIGHT_BYTES',
  'CHAINON_PRODUCER_CONNECTIONS',
  'CHAINON_HEADER_SECONDS',
  'CHAINON_BODY_SECONDS',
  'CHAINON_UPLOAD_WINDOW_SECONDS',
  'CHAINON_UPLOAD_BYTES_PER_SECOND',
  'CHAINON_QUOTA_WINDOW_SECONDS',
  'CHAINON_QUOTA_REQUESTS',
  'CHAINON_QUOTA_RECORDS',
  'CHAINON_QUOTA_BYTES',
] as const

export function gatewayLimits(config: Config<(typeof LIMIT_KEYS)[number]>): Limits {
  return {
    maxBodyBytes: config.CHAINON_MAX_BODY_BYTES,
    maxRecordBytes: config.CHAINON_MAX_RECORD_BYTES,
    maxRecords: config.CHAINON_MAX_RECORDS_PER_REQUEST,
    maxInFlightBytes: config.CHAINON_MAX_INFLIGHT_BYTES,
    producerInFlightBytes: config.CHAINON_PRODUCER_INFLIGHT_BYTES,
    producerConnections: config.CHAINON_PRODUCER_CONNECTIONS,
    headerMs: config.CHAINON_HEADER_SECONDS * 1000,
    pace: {
      totalMs: config.CHAINON_BODY_SECONDS * 1000,
      windowMs: config.CHAINON_UPLOAD_WINDOW_SECONDS * 1000,
      minBytesPerSecond: config.CHAINON_UPLOAD_BYTES_PER_SECOND,
    },
    quotas: {
      windowSeconds: config.CHAINON_QUOTA_WINDOW_SECONDS,
      requests: config.CHAINON_QUOTA_REQUESTS,
      records: config.CHAINON_QUOTA_RECORDS,
      bytes: config.CHAINON_QUOTA_BYTES,
    },
    redisPauseMs: REDIS_PAUSE_MS,
    maxSlowedLogins: MAX_SLOWED_LOGINS,
  }
}

/** @throws ConfigurationError when there is no such time zone */
export function hl7Settings(
  config: Config<'CHAINON_DEFAULT_CHARSET' | 'CHAINON_DEFAULT_TIME_ZONE' | 'CHAINON_IPP_AUTHORITIES'>,
): Settings {
  return {
    charset: config.CHAINON_DEFAULT_CHARSET,
    localTime: zoneOf(config.CHAINON_DEFAULT_TIME_ZONE),
    ippAuthorities: config.CHAINON_IPP_AUTHORITIES,
  }
}

function zoneOf(zone: string): LocalTime {
  try {
    return localTime(zone)
  } catch {
    throw new ConfigurationError('gateway cannot start, its configuration is wrong', [
      'CHAINON_DEFAULT_TIME_ZONE must be a time zone of the IANA database, for instance Europe/Paris',
    ])
  }
}

/** What decides which records are valid. */
const VALIDITY_KEYS = [
  'CHAINON_FEEDS_DIR',
  'CHAINON_DEFAULT_CHARSET',
  'CHAINON_DEFAULT_TIME_ZONE',
  'CHAINON_IPP_AUTHORITIES',
  ...LIMIT_KEYS,
] as const

/** The settings of `check/`, which needs no server. */
export const checkConfig = (env: NodeJS.ProcessEnv) => readConfig('gateway', VALIDITY_KEYS, env)

const settings = (env: NodeJS.ProcessEnv) =>
  checkHttp(
    'gateway',
    readConfig(
      'gateway',
      [
        ...KAFKA_KEYS,
        ...REGISTRY_KEYS,
        ...REDIS_KEYS,
        ...CLICKHOUSE_KEYS,
        ...HTTP_KEYS,
        'CHAINON_DATA_DIR',
        'CHAINON_SECRETS_DIR',
        'CHAINON_LOG_LEVEL',
        ...VALIDITY_KEYS,
        ...TOKEN_KEYS,
        ...PROVIDER_KEYS,
        'CHAINON_TLS_CLIENT_CA_FILE',
        'CHAINON_IDEMPOTENCY_HOURS',
        'CHAINON_RECEIPT_DAYS',
        'CHAINON_BACKLOG_LIMIT_PERCENT',
        'CHAINON_MLLP_FILE',
        'CHAINON_OBJECT_DIR',
      ],
      { ...env, CHAINON_HTTP_PORT: env.CHAINON_HTTP_PORT || DEFAULT_PORT },
    ),
  )

/** The gateway's settings; it listens on 8080 by default. */
export const gatewayConfig = (env: NodeJS.ProcessEnv) => checkClients(settings(env))
