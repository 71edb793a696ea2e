import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from './roles.ts'
import { constantSettings } from './settings.ts'

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export interface EngineConfig {
  readonly dataDir: string
  readonly memoryLimitBytes: number
  readonly roles: readonly Role[]
  /** All settings of this engine, as `ALL_SETTINGS` selects them. */
  readonly settings: readonly string[]
}

/** A statement of the longest length must also pass as a text (`session.ts`), in which a character may take two bytes. */
const LONGEST_QUERY = 128 * 1024 ** 2

/**
 * Writes the engine's server configuration and users into the data folder (`engine.xml`, `users.xml`).
 *
 * - The embedded engine has one user, `default`. It has no right of its own, and one role for each user of the front.
 * - Every setting is constant, but those of `settings.ts`.
 * - Rows of an INSERT are values, never expressions: nobody reads them before the engine does.
 * - `memoryLimitBytes` bounds the whole engine, and three quarters of it one statement.
 * - `async_insert` is on by default since ClickHouse 26; here an acknowledged INSERT is a written part.
 *
 * @returns the path of the server configuration
 */
export function writeEngineConfig({ dataDir, memoryLimitBytes, roles, settings }: EngineConfig): string {
  const folder = escape(dataDir)
  const perStatement = Math.floor(memoryLimitBytes * 0.75)
  const cache = Math.floor(memoryLimitBytes / 16)
  const engine = `<clickhouse>
  <logger><level>none</level></logger>
  <max_server_memory_usage>${memoryLimitBytes}</max_server_memory_usage>
  <mark_cache_size>${cache}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <users_config>${folder}/users.xml</users_config>
</clickhouse>
`
  const constant = constantSettings(settings).map((name) => `<${name}><const/></${name}>`)
  const query = (grant: string) => `<query>${escape(grant)}</query>`
  const users = `<clickhouse>
  <profiles><default>
    <max_memory_usage>${perStatement}</max_memory_usage>
    <max_query_size>${LONGEST_QUERY}</max_query_size>
    <async_insert>0</async_insert>
    <implicit_select>0</implicit_select>
    <input_format_values_interpret_expressions>0</input_format_values_interpret_expressions>
    <input_format_values_deduce_templates_of_expressions>0</input_format_values_deduce_templates_of_expressions>
    <constraints>${constant.join('')}</constraints>
  </default></profiles>
  <quotas><default/></quotas>
  <roles>
    ${roles.map(({ name, grants }) => `<${name}><grants>${grants.map(query).join('')}</grants></${name}>`).join('\n    ')}
  </roles>
  <users><default>
    <password></password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants>${query(`GRANT ${roles.map(({ name }) => name).join(', ')}`)}</grants>
  </default></users>
</clickhouse>
`
  const path = join(dataDir, 'engine.xml')
  writeFileSync(path, engine, { mode: 0o600 })
  writeFileSync(join(dataDir, 'users.xml'), users, { mode: 0o600 })
  return path
}
