/** The environment of a test on the shared servers: their addresses, and names that no other test uses. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'

/** Users of ClickHouse have rights on databases of these names only; more than one run of all tests uses. */
export const TEST_DATABASES: readonly string[] = Array.from({ length: 80 }, (_, i) => `t${i}`)

/** @returns the environment variables of the shared servers */
export function servers(): Readonly<Record<string, string>> {
  return inject('servers')
}

/** For each component its variables of a login, the password last. */
const LOGINS = [
  ['CLICKHOUSE_USER', 'CLICKHOUSE_PASSWORD'],
  ['SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD'],
  ['REDIS_USERNAME', 'REDIS_PASSWORD'],
  ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
] as const

/** @returns the logins of a program that uses the shared servers; empty variables for those that it does not use */
export function login(user: string): Readonly<Record<string, string>> {
  const none = Object.fromEntries(LOGINS.flat().map((name) => [name, '']))
  return { ...none, ...inject('logins')[user] }
}

/** @returns the environment in which a program is no longer the administrator of the shared servers, but itself */
export function withLogin(user: string, env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const administrator = inject('servers') ?? {}
  const own = { ...env }
  for (const names of LOGINS) {
    const password = names.at(-1) ?? ''
    if (administrator[password] === undefined || env[password] !== administrator[password]) continue
    for (const name of names) own[name] = login(user)[name] ?? ''
  }
  return own
}

/** @returns the name of a database that no other test has used */
function ownDatabase(): string {
  for (const name of TEST_DATABASES) {
    try {
      writeFileSync(join(inject('databasesInUse'), name), '', { flag: 'wx' })
      return name
    } catch {
      // Another test has it.
    }
  }
  throw new Error('a run of the tests uses more databases than TEST_DATABASES names')
}

export interface Isolated {
  /** The servers (as their administrator), with a separate namespace, database, data folder and secrets folder for this test. */
  readonly env: Record<string, string>
  readonly namespace: string
  readonly database: string
  readonly folder: string
  /** Removes the folder; topics and tables are removed with the stack at the end of the run. */
  remove(): void
}

/** Users of Redis have rights on keys of these namespaces only: a pattern of what `ownNamespace` makes. */
export const TEST_NAMESPACES: readonly string[] = ['t????????.']

/** @returns a prefix of topics, groups and Redis keys that no other test uses */
export function ownNamespace(): string {
  return `t${randomBytes(4).toString('hex')}.`
}

/** @returns a separate environment on the shared servers: topics, groups, Redis keys, database and files */
export function isolated(): Isolated {
  const namespace = ownNamespace()
  const database = ownDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'chainon-case-'))
  const env = {
    ...servers(),
    CHAINON_NAMESPACE: namespace,
    CLICKHOUSE_DATABASE: database,
    CHAINON_DATA_DIR: folder,
    CHAINON_SECRETS_DIR: join(folder, 'secrets'),
  }
  return {
    env,
    namespace,
    database,
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** @returns options of `createClient` for a login */
export function clientLogin(env: Readonly<Record<string, string | undefined>>): { username: string; password: string } {
  return { username: env.CLICKHOUSE_USER ?? '', password: env.CLICKHOUSE_PASSWORD ?? '' }
}
