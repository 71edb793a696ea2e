/** The ClickHouse engine of npm `chdb` behind an HTTP front; see clickhouse/main.ts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeLogins } from '../clickhouse/logins.ts'
import { clickhouseUsers } from '../logins.ts'
import { dataPaths, node24, ROOT } from '../paths.ts'
import { httpReady } from '../probes.ts'
import { giveTo, type SystemUser } from '../separate-user.ts'
import { LINES_FD, type ProcessSpec } from '../types.ts'

export interface ClickHouseOptions {
  readonly data: string
  readonly port: number
  /** Who runs it, when not this user. */
  readonly user: SystemUser | undefined
  /** Databases of warehouses. */
  readonly databases: readonly string[]
  /** Takes events of the access journal; see ../clickhouse-journal.ts. */
  readonly journal: (line: string) => void
}

export const clickhouseFolder = (data: string): string => join(data, 'clickhouse')

export function clickhouse(options: ClickHouseOptions): ProcessSpec {
  const folder = clickhouseFolder(options.data)
  const usersFile = join(folder, 'users.json')
  return {
    name: 'clickhouse',
    url: `http://127.0.0.1:${options.port}`,
    command: node24(),
    args: ['--import', join(ROOT, 'deploy/local/stop-with-parent.mjs'), join(ROOT, 'deploy/local/clickhouse/main.ts')],
    env: {
      CHAINON_CLICKHOUSE_PORT: String(options.port),
      CHAINON_CLICKHOUSE_HOST: '127.0.0.1',
      CHAINON_CLICKHOUSE_DATA_DIR: folder,
      CHAINON_CLICKHOUSE_USERS_FILE: usersFile,
      CHAINON_CLICKHOUSE_DATABASES: options.databases.join(','),
      _CHAINON_JOURNAL_FD: String(LINES_FD),
    },
    lines: options.journal,
    ...(options.user ? { user: options.user } : {}),
    prepare: async () => {
      const logins = makeLogins(dataPaths(options.data).clickhouseLogins, clickhouseUsers())
      writeFileSync(usersFile, `${JSON.stringify(logins)}\n`, { mode: 0o600 })
      // Also what an administrator has put back from a backup.
      if (options.user) giveTo(folder, options.user)
    },
    ready: () => httpReady(`http://127.0.0.1:${options.port}/ping`),
    readyTimeoutMs: 60_000,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  }
}
