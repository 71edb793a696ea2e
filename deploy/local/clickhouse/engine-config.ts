import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * Writes the engine's server configuration and users into the data folder (`engine.xml`, `users.xml`).
 *
 * - `default` has every right. The embedded engine cannot store other users, roles or row policies.
 * - `memoryLimitBytes` bounds the whole engine, and three quarters of it one statement.
 * - `async_insert` is on by default since ClickHouse 26; here an acknowledged INSERT is a written part.
 */
export function writeEngineConfig(dataDir: string, memoryLimitBytes: number): void {
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
  const users = `<clickhouse>
  <profiles><default>
    <max_memory_usage>${perStatement}</max_memory_usage>
    <async_insert>0</async_insert>
    <implicit_select>0</implicit_select>
  </default></profiles>
  <quotas><default/></quotas>
  <users><default>
    <password></password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <access_management>1</access_management>
    <named_collection_control>1</named_collection_control>
  </default></users>
</clickhouse>
`
  writeFileSync(join(dataDir, 'engine.xml'), engine, { mode: 0o600 })
  writeFileSync(join(dataDir, 'users.xml'), users, { mode: 0o600 })
}
