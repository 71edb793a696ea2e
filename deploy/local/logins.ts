/** The logins of the local ClickHouse, which `chainon up` makes at its first start: one for each program that uses it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { passwordOf } from './clickhouse/logins.ts'
import { readRoles } from './clickhouse/roles.ts'
import { dataPaths } from './paths.ts'

export type Login = Readonly<Record<'CLICKHOUSE_USER' | 'CLICKHOUSE_PASSWORD', string>>

/** Users of the local ClickHouse; the name of a service, `operator` for commands, `reader` and `admin` for people. */
export const clickhouseUsers = (): readonly string[] => readRoles([]).map(({ name }) => name)

/**
 * @param data folder of the stack
 * @returns variables of the user's environment; none when it has no login, or the stack has never run
 */
export function clickhouseLogin(data: string, user: string): Login | Readonly<Record<string, never>> {
  const folder = dataPaths(data).clickhouseLogins
  if (!existsSync(join(folder, `${user}.password`))) return {}
  return { CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: passwordOf(folder, user) }
}
