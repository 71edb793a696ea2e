import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { onCluster } from '#core/clickhouse/replicated.ts'
import { loadContracts } from '#core/contract/load.ts'
import { tableStatements } from '#core/contract/table.ts'

const MIGRATIONS = 'schemas/clickhouse'

describe('onCluster', () => {
  it('changes nothing for one server', () => {
    expect(onCluster('CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a', '')).toBe(
      'CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a',
    )
  })
  it('makes a table Replicated on every replica, with the window of Keeper', () => {
    const table = `CREATE TABLE IF NOT EXISTS \`d\`.\`t\` (a UInt8 COMMENT 'ENGINE') ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY a
SETTINGS non_replicated_deduplication_window = 20000`
    expect(onCluster(table, 'c1')).toBe(
      `CREATE TABLE IF NOT EXISTS \`d\`.\`t\` ON CLUSTER \`c1\` (a UInt8 COMMENT 'ENGINE') ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', _version, _deleted) ORDER BY a
SETTINGS replicated_deduplication_window = 20000, replicated_deduplication_window_seconds = 172800`,
    )
  })
  it('names the cluster in databases, views and changes of a table', () => {
    expect(onCluster('CREATE DATABASE IF NOT EXISTS `d`', 'c')).toBe('CREATE DATABASE IF NOT EXISTS `d` ON CLUSTER `c`')
    expect(onCluster('CREATE OR REPLACE VIEW v AS SELECT 1', 'c')).toBe(
      'CREATE OR REPLACE VIEW v ON CLUSTER `c` AS SELECT 1',
    )
    expect(onCluster('ALTER TABLE `d`.`t` ADD COLUMN b UInt8', 'c')).toBe(
      'ALTER TABLE `d`.`t` ON CLUSTER `c` ADD COLUMN b UInt8',
    )
  })
  it('leaves no engine and no window of one server in any definition of the project', () => {
    const migrations = readdirSync(MIGRATIONS).flatMap((file) =>
      readFileSync(`${MIGRATIONS}/${file}`, 'utf8')
        .split(/^(?=CREATE )/m)
        .filter((text) => text.startsWith('CREATE ')),
    )
    const feeds = loadContracts('schemas/feeds').flatMap((contract) => tableStatements(contract, 'd', new Map()))
    expect(migrations.length).toBeGreaterThan(5)
    for (const statement of [
      ...migrations.map((text) => text.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS')),
      ...feeds,
    ]) {
      const replicated = onCluster(statement, 'c')
      expect(replicated).toContain(' ON CLUSTER `c`')
      expect(replicated).not.toMatch(/ENGINE = (?!Replicated)|non_replicated/)
    }
  })
  it('throws for a statement that would run on one replica only', () => {
    expect(() => onCluster('INSERT INTO t VALUES (1)', 'c')).toThrow('no definition for a cluster')
    expect(() => onCluster('DROP TABLE t', 'c')).toThrow('no definition for a cluster')
  })
})
