/** The wall on texts as the engine's parser writes them; test/integration/clickhouse-doors.test.ts has what callers send. */
import { describe, expect, it } from 'vitest'
import { checkStatement, type WallRequest } from '../../../../../deploy/local/clickhouse/wall.ts'

const names = {
  tableFunctions: new Set(['file', 'url', 'format', 'numbers', 'view']),
  closedFunctions: new Set(['file', 'showcertificate']),
}
const check = (text: string, more: Partial<WallRequest> = {}) => checkStatement({ text, admin: false, ...more }, names)
const path = '/data/spool/é.data'

describe('a statement', () => {
  it.each([
    "SELECT a, profile FROM t WHERE name = 'file('",
    'SELECT sum(n) FROM (SELECT number AS n FROM numbers(3))',
    'INSERT INTO t (a) SELECT a FROM u',
    'CREATE TABLE t (`a` String) ENGINE = ReplacingMergeTree(a) ORDER BY a',
    "CREATE DATABASE p ENGINE = Atomic COMMENT 'chainon run x'",
    "SELECT name FROM system.tables WHERE engine = 'File'",
  ])('passes: %s', (text) => {
    expect(() => check(text)).not.toThrow()
  })

  it.each([
    "SELECT file('/a')",
    "SELECT arrayMap(file, ['/a'])",
    'SELECT showCertificate()',
    "SELECT * FROM format(JSONEachRow, '')",
    "SELECT * FROM `url`('http://a')",
    "INSERT INTO FUNCTION url('http://a') SELECT 1",
    "CREATE TABLE t (`a` String) ENGINE = EmbeddedRocksDB(0, '/a') PRIMARY KEY a",
    "CREATE DATABASE d ENGINE = Filesystem('/a')",
    'SELECT * FROM system.processes',
    'SELECT * FROM system.`processes`',
    'SHOW PROCESSLIST',
    'SELECT arrayMap({f:Identifier}, [1])',
    'SELECT * FROM {d:Identifier}.{t:Identifier}',
    "ATTACH TABLE t FROM '/a' (`a` Int)",
    'KILL QUERY WHERE 1',
    'EXECUTE AS admin SELECT 1',
    'INSERT INTO t FORMAT Values',
  ])('is rejected: %s', (text) => {
    expect(() => check(text)).toThrow(expect.objectContaining({ type: 'ACCESS_DENIED' }))
  })

  it('sees all of `system` as an administrator', () => {
    expect(() => check('SELECT * FROM system.processes', { admin: true })).not.toThrow()
    expect(() => check("SELECT file('/a')", { admin: true })).toThrow()
  })
})

describe('a file', () => {
  const out = { clause: 'OUTFILE', path } as const
  const into = { clause: 'INFILE', path } as const
  it('is the one of the spool, once', () => {
    expect(() => check(`SELECT 1 INTO OUTFILE '${path}' FORMAT TSV`, { file: out })).not.toThrow()
    expect(() => check(`INSERT INTO t (file) FROM INFILE '${path}' FORMAT TSV`, { file: into })).not.toThrow()
  })
  it.each([
    ["SELECT 1 INTO OUTFILE '/etc/x'", out],
    [`SELECT 1 INTO OUTFILE '/etc/x' FORMAT TSV`, undefined],
    ['SELECT 1', out],
    [`INSERT INTO t FROM INFILE '/etc/x' FORMAT TSV`, into],
    [`INSERT INTO t FROM INFILE '${path}' FORMAT TSV`, out],
    [`SELECT 1 INTO OUTFILE '${path}' INTO OUTFILE '${path}'`, out],
  ] as const)('is no other: %s', (text, file) => {
    expect(() => check(text, file ? { file } : {})).toThrow(expect.objectContaining({ type: 'SUPPORT_IS_DISABLED' }))
  })
})
