import { REGISTRY_KEYS } from '#core/avro/registry.ts'
import { type Config, readConfig } from '#core/config/read.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { checkHttp, HTTP_KEYS } from '#core/http/settings.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'
import type { Settings } from './decode/hl7/settings.ts'
import { type LocalTime, localTime } from './decode/hl7/zone.ts'

const DEFAULT_PORT = '8080'

/** @throws ConfigurationError when there is no such time zone */
export function hl7Settings(
  config: Config<'CHAINON_HL7_CHARSET' | 'CHAINON_HL7_TIME_ZONE' | 'CHAINON_HL7_IPP_AUTHORITIES'>,
): Settings {
  return {
    charset: config.CHAINON_HL7_CHARSET,
    localTime: zoneOf(config.CHAINON_HL7_TIME_ZONE),
    ippAuthorities: config.CHAINON_HL7_IPP_AUTHORITIES,
  }
}

function zoneOf(zone: string): LocalTime {
  try {
    return localTime(zone)
  } catch {
    throw new ConfigurationError('gateway cannot start, its configuration is wrong', [
      'CHAINON_HL7_TIME_ZONE must be a time zone of the IANA database, for instance Europe/Paris',
    ])
  }
}

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
        'CHAINON_HL7_CHARSET',
        'CHAINON_MLLP_FILE',
        'CHAINON_HL7_TIME_ZONE',
        'CHAINON_HL7_IPP_AUTHORITIES',
      ],
      { ...env, CHAINON_HTTP_PORT: env.CHAINON_HTTP_PORT || DEFAULT_PORT },
    ),
  )
