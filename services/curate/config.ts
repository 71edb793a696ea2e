import { CLICKHOUSE_KEYS } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { WORKER_KEYS } from '#core/worker/worker.ts'

export const curateConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'curate',
    [
      ...WORKER_KEYS,
      ...CLICKHOUSE_KEYS,
      'REDIS_URL',
      'CHAINON_BATCH_MAX_RECORDS',
      'CHAINON_INTENT_DEADLINE_SECONDS',
    ] as const,
    env,
  )
