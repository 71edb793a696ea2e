import { join } from 'node:path'
import { type Config, readConfig } from '#core/config/read.ts'
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
      'CHAINON_LINKAGE_SNAPSHOT_DIR',
      'CHAINON_LINKAGE_SNAPSHOT_HOURS',
      'CHAINON_LINKAGE_SNAPSHOTS_KEPT',
    ] as const,
    env,
  )

/** @returns the folder of the snapshots of the index */
export function snapshotFolder(config: Config<'CHAINON_LINKAGE_SNAPSHOT_DIR' | 'CHAINON_DATA_DIR'>): string {
  return config.CHAINON_LINKAGE_SNAPSHOT_DIR || join(config.CHAINON_DATA_DIR, 'linkage-snapshots')
}
