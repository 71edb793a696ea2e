/** Versioned migrations: each file of `schemas/clickhouse` runs once, in order; a changed file that has run is rejected. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { literal } from '../contract/table.ts'
import { ConfigurationError } from '../faults/errors.ts'
import type { ClickHouseClient } from './client.ts'
import { onCluster } from './replicated.ts'

const HISTORY = `CREATE TABLE IF NOT EXISTS schema_migration
(version UInt32, name String, sha256 String, applied_at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY version`

/**
 * @param client connected to the database to migrate
 * @param cluster empty for one server; else every table is replicated on this cluster
 * @returns the names of the migrations that ran now
 * @throws ConfigurationError when a migration that ran was edited since
 */
export async function migrate(
  client: ClickHouseClient,
  dir: string,
  now: Date,
  cluster: string,
): Promise<readonly string[]> {
  await client.command({ query: onCluster(HISTORY, cluster) })
  const result = await client.query({ query: 'SELECT version, sha256 FROM schema_migration', format: 'JSONEachRow' })
  const applied = new Map(
    (await result.json<{ version: number; sha256: string }>()).map((row) => [row.version, row.sha256]),
  )
  const ran: string[] = []
  for (const file of readdirSync(dir)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted()) {
    const text = readFileSync(join(dir, file), 'utf8')
    const version = Number(file.slice(0, 4))
    const sha256 = createHash('sha256').update(text).digest('hex')
    const before = applied.get(version)
    if (before === sha256) continue
    if (before !== undefined)
      throw new ConfigurationError('A migration was edited after it ran', [`${file}: add a new file instead`])
    for (const statement of statements(text)) await client.command({ query: onCluster(idempotent(statement), cluster) })
    await client.command({
      query: `INSERT INTO schema_migration VALUES (${version}, ${literal(file)}, ${literal(sha256)}, ${literal(now.toISOString().replace('T', ' ').replace('Z', ''))})`,
    })
    ran.push(file)
  }
  return ran
}

function statements(text: string): readonly string[] {
  return text
    .replace(/^--.*$/gm, '')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

/** ClickHouse has no transaction over definitions: a migration that was interrupted starts again from its first statement. */
function idempotent(statement: string): string {
  return statement
    .replace(/^CREATE TABLE (?!IF NOT EXISTS)/, 'CREATE TABLE IF NOT EXISTS ')
    .replace(/^CREATE VIEW (?!IF NOT EXISTS)/, 'CREATE OR REPLACE VIEW ')
}
