/** What the console reads from its environment. */
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { type Config, readConfig } from '#core/config/read.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
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
  'CHAINON_CONSOLE_REVIEWERS',
  'CHAINON_LINKAGE_REVIEWERS',
  'CHAINON_REVIEW_SECRETS_DIR',
  ...HTTP_KEYS,
  'CHAINON_DATA_DIR',
  'CHAINON_SECRETS_DIR',
  'CHAINON_LOG_LEVEL',
] as const

export type ConsoleConfig = Config<(typeof CONSOLE_KEYS)[number]>

const DEFAULT_PORT = '8090'
/** Names a file, and a reviewer in decisions and in the journal. */
const ACCOUNT = /^[a-z][a-z0-9._-]{0,38}$/

/**
 * @param env usually `process.env`
 * @throws ConfigurationError that lists every problem
 */
export function consoleConfig(env: NodeJS.ProcessEnv): ConsoleConfig {
  const given = { ...env, CHAINON_HTTP_PORT: env.CHAINON_HTTP_PORT || DEFAULT_PORT }
  const config = readConfig('console', CONSOLE_KEYS, given)
  if (!config.CHAINON_CONSOLE_REVIEWERS.every((name) => ACCOUNT.test(name)))
    throw new ConfigurationError('console cannot start, its configuration is wrong', [
      'CHAINON_CONSOLE_REVIEWERS must be names of accounts: 1 to 39 of a-z, 0-9 and . _ -, a letter first',
    ])
  return checkHttp('console', config)
}
