/** The logins of the local components, which `chainon up` makes at its first start: one for each program that uses a component. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ComponentName } from '#core/process/state-file.ts'
import { readRoles } from './clickhouse/roles.ts'
import { passwordOf } from './passwords.ts'
import { dataPaths } from './paths.ts'

/** Variables of an environment. */
export type Login = Readonly<Record<string, string>>

/** Users of the local ClickHouse; the name of a service, `operator` for commands, `reader` and `admin` for people. */
export const clickhouseUsers = (): readonly string[] => readRoles([]).map(({ name }) => name)

/**
 * @param data folder of the stack
 * @param component for which the user has a password of its own
 * @returns variables of the user's environment; none when it has no login there, or the stack has never run
 */
export function localLogin(component: ComponentName, data: string, user: string): Login {
  const folder = loginsFolder(component, data)
  if (!existsSync(join(folder, `${user}.password`))) return {}
  const password = passwordOf(folder, user)
  switch (component) {
    case 'clickhouse':
      return { CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password }
    case 'redis':
      return { REDIS_USERNAME: user, REDIS_PASSWORD: password }
    case 'kafka':
      return { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: user, KAFKA_SASL_PASSWORD: password }
    case 'registry':
      return { SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD: password }
  }
}

function loginsFolder(component: ComponentName, data: string): string {
  const { clickhouseLogins, kafkaLogins, redisLogins, registryLogins } = dataPaths(data)
  return { clickhouse: clickhouseLogins, kafka: kafkaLogins, redis: redisLogins, registry: registryLogins }[component]
}

/** @returns the logins of all components that are started here, as variables of the user's environment */
export function localLogins(components: readonly ComponentName[], data: string, user: string): Login {
  return Object.assign({}, ...components.map((component) => localLogin(component, data, user))) as Login
}
