import { readConfig } from '#core/config/read.ts'
import { PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { OBJECT_KEYS } from '#core/objects/open.ts'
import { WORKER_KEYS } from '#core/worker/worker.ts'

export const deidentifyConfig = (env: NodeJS.ProcessEnv) =>
  readConfig(
    'deidentify',
    [
      ...WORKER_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_IDENTIFIED_RETENTION_HOURS',
      'CHAINON_LINKAGE_SECRETS_DIR',
      ...OBJECT_KEYS,
    ],
    env,
  )
