import { readConfig } from '#core/config/read.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { REDIS_KEYS } from '#core/redis/client.ts'
import { WORKER_KEYS } from '#core/worker/worker.ts'

export const linkerConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'linker',
    [
      ...WORKER_KEYS,
      ...REDIS_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_LINKAGE_SECRETS_DIR',
      'CHAINON_REVIEW_SECRETS_DIR',
      'CHAINON_LINKAGE_INDEX',
      'CHAINON_LINKAGE_MODEL',
    ] as const,
    env,
  )
