/** The ClickHouse client of every service, from its configuration. */
import { type ClickHouseClient, ClickHouseError, createClient } from '@clickhouse/client'
import { authority } from '../config/authority.ts'
import type { Config } from '../config/read.ts'
import { ConfigurationError } from '../faults/errors.ts'

export const CLICKHOUSE_KEYS = [
  'CLICKHOUSE_URL',
  'CLICKHOUSE_TLS_CA_FILE',
  'CLICKHOUSE_USER',
  'CLICKHOUSE_PASSWORD',
  'CLICKHOUSE_DATABASE',
] as const

export type { ClickHouseClient }

/**
 * @param database overrides the configured one, for instance `default` before the configured one exists
 * @param requestTimeoutMs longest time without data from ClickHouse, in milliseconds
 * @throws ConfigurationError when the file of its certificate authority cannot be used
 */
export function clickhouseClient(
  service: string,
  config: Config<(typeof CLICKHOUSE_KEYS)[number]>,
  database?: string,
  requestTimeoutMs = 30_000,
): ClickHouseClient {
  const encrypted = config.CLICKHOUSE_URL.startsWith('https:')
  const file = config.CLICKHOUSE_TLS_CA_FILE
  const ca = authority('CLICKHOUSE_TLS_CA_FILE', file, encrypted, 'CLICKHOUSE_URL must begin with https://')
  return createClient({
    ...(ca ? { tls: { ca_cert: Buffer.from(ca) } } : {}),
    url: config.CLICKHOUSE_URL,
    username: config.CLICKHOUSE_USER,
    password: config.CLICKHOUSE_PASSWORD,
    database: database ?? config.CLICKHOUSE_DATABASE,
    application: `chainon-${service}`,
    request_timeout: requestTimeoutMs,
    max_open_connections: 8,
    // The client's own log lines quote statements; ours name what failed.
    log: { level: 127 },
  })
}

/** @returns an error that names the settings to check when ClickHouse rejects user, password or what the user may do; null for any other error */
export function rejectedLogin(error: unknown): ConfigurationError | null {
  if (!(error instanceof ClickHouseError)) return null
  if (error.type === 'ACCESS_DENIED') {
    // Names of rights, tables and columns; nothing else of the text is passed on.
    const right = /the grant (.+? ON [\w.*`]+)/.exec(error.message)?.[1] ?? 'a right'
    return new ConfigurationError('ClickHouse does not allow it', [
      `the user of CLICKHOUSE_USER lacks ${right} (deploy/clickhouse/README.md)`,
    ])
  }
  if (error.type !== 'AUTHENTICATION_FAILED') return null
  return new ConfigurationError('ClickHouse rejected the login', ['check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD'])
}
