/** What the console reads from its environment. */
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { type Config, readConfig } from '#core/config/read.ts'
import { checkHttp, HTTP_KEYS } from '#core/http/settings.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'
import { REDIS_KEYS } from '#core/redis/client.ts'

export const CONSOLE_KEYS = [
  ...KAFKA_KEYS,
  ...CLICKHOUSE_KEYS,
  ...REGISTRY_KEYS,
  ...REDIS_KEYS,
  'CHAINON_FEEDS_DIR',
  'CHAINON_GATEWAY_URL',
  'CHAINON_GATEWAY_ADMIN_URL',
  'CHAINON_DEIDENTIFY_URL',
  'CHAINON_LINKER_URL',
  'CHAINON_CURATE_URL',
  'CHAINON_SUPERVISOR_STATE_FILE',
  ...HTTP_KEYS,
  'CHAINON_DATA_DIR',
  'CHAINON_SECRETS_DIR',
  'CHAINON_LOG_LEVEL',
] as const

export type ConsoleConfig = Config<(typeof CONSOLE_KEYS)[number]>

const DEFAULT_PORT = '8090'

/**
 * @param env usually `process.env`
 * @throws ConfigurationError that lists every problem
 */
export function consoleConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const given = { ...env, CHAINON_HTTP_PORT: env.CHAINON_HTTP_PORT || DEFAULT_PORT }
  return checkHttp('console', readConfig('console', CONSOLE_KEYS, given))
}
