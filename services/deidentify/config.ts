import { readConfig } from '#core/config/read.ts'
import { WORKER_KEYS } from '#core/worker/worker.ts'

export const deidentifyConfig = (env: NodeJS.ProcessEnv) =>
  readConfig('deidentify', [...WORKER_KEYS, 'CHAINON_IDENTIFIED_RETENTION_HOURS', 'CHAINON_LINKAGE_SECRETS_DIR'], env)
