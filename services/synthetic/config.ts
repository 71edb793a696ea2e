/** What simulate and sample read from the environment. */
import { type Config, readConfig } from '#core/config/read.ts'

const KEYS = [
  'CHAINON_GATEWAY_URL',
  'CHAINON_CONSOLE_ADMIN_URL',
  'CHAINON_COMPONENTS_DIR',
  'JAVA_HOME',
  'CHAINON_LOG_LEVEL',
] as const

export type SyntheticConfig = Config<(typeof KEYS)[number]>

/** @throws ConfigurationError listing every problem */
export function syntheticConfig(env: NodeJS.ProcessEnv): SyntheticConfig {
  return readConfig('synthetic', KEYS, env)
}
