/** The ClickHouse engine of npm `chdb` behind an HTTP front; see clickhouse/main.ts. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { node24, ROOT } from '../paths.ts'
import { httpReady } from '../probes.ts'
import type { ProcessSpec } from '../types.ts'

export interface ClickHouseOptions {
  readonly data: string
  readonly port: number
}

export function clickhouse(options: ClickHouseOptions): ProcessSpec {
  const folder = join(options.data, 'clickhouse')
  return {
    name: 'clickhouse',
    url: `http://127.0.0.1:${options.port}`,
    command: node24(),
    args: ['--import', join(ROOT, 'deploy/local/stop-with-parent.mjs'), join(ROOT, 'deploy/local/clickhouse/main.ts')],
    env: {
      CHAINON_CLICKHOUSE_PORT: String(options.port),
      CHAINON_CLICKHOUSE_HOST: '127.0.0.1',
      CHAINON_CLICKHOUSE_DATA_DIR: folder,
    },
    prepare: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    },
    ready: () => httpReady(`http://127.0.0.1:${options.port}/ping`),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  }
}
