/** The files of `deploy/clickhouse/`, read as an administrator would run them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SERVICES } from '#core/process/state-file.ts'
import { grantsOf, readRoles } from '../../../deploy/local/clickhouse/roles.ts'

const FOLDER = join(import.meta.dirname, '../../../deploy/clickhouse')
const files = readdirSync(join(FOLDER, 'grants')).map((file) => file.replace(/\.sql$/, ''))
const grants = (user: string): readonly string[] =>
  grantsOf(readFileSync(join(FOLDER, 'grants', `${user}.sql`), 'utf8'))
/** What nobody has: files, addresses, other servers, programs, users, and everything. */
const NEVER =
  /\b(ALL|FILE|URL|REMOTE|S3|AZURE|HDFS|HIVE|MYSQL|POSTGRES|MONGO|REDIS|SQLITE|ODBC|JDBC|SOURCES|READ|WRITE|DICTIONARY|dictGet|FUNCTION|NAMED COLLECTION|USER|ROLE|BACKUP|KILL QUERY|INTROSPECTION|IMPERSONATE|DEFINER|WITH GRANT OPTION|TEMPORARY)\b|ON \*\.\*/

describe('deploy/clickhouse', () => {
  it('has a user for each file of grants, who cannot log in before an administrator says so', () => {
    const users = grantsOf(readFileSync(join(FOLDER, 'users.sql'), 'utf8'))
    expect(
      users.map((statement) => /^CREATE USER IF NOT EXISTS (\w+) HOST NONE/.exec(statement)?.[1] ?? '').toSorted(),
    ).toEqual(files.toSorted())
  })

  it('has no user for services that do not use ClickHouse', () => {
    const without = SERVICES.filter((name) => !files.includes(name))
    expect(without).toEqual(['deidentify', 'linker'])
    for (const name of without) {
      const sources = readdirSync(join(FOLDER, '../../services', name), { recursive: true, withFileTypes: true })
      for (const entry of sources.filter((one) => one.name.endsWith('.ts')))
        expect(readFileSync(join(entry.parentPath, entry.name), 'utf8'), entry.name).not.toContain('#core/clickhouse')
    }
  })

  it.each(files)('%s has no right on files, addresses, servers, users or everything', (user) => {
    for (const grant of grants(user)) expect(grant).not.toMatch(NEVER)
  })

  it.each(files)('%s: each statement is for that user, on the warehouse, a project or a table of system', (user) => {
    for (const grant of grants(user))
      expect(grant).toMatch(
        new RegExp(`^(GRANT|REVOKE) .+ ON (chainon|project_\\*|system|default)\\.\\S+ (TO|FROM) ${user}$`),
      )
  })

  it('lets reader, auditor and nobody else only read, and extract write databases of projects and the register of its keys only', () => {
    expect(readRoles(['w']).flatMap(({ name, readonly }) => (readonly ? [name] : []))).toEqual(['auditor', 'reader'])
    const writes = grants('extract').filter((grant) => /INSERT|CREATE|DROP|OPTIMIZE/.test(grant))
    expect(writes.filter((grant) => !/ ON project_\*\.\* /.test(grant))).toEqual([
      expect.stringMatching(/INSERT ON \w+\.key_fingerprint /),
    ])
  })

  it('gives the rights on chainon to each warehouse of a local ClickHouse', () => {
    const [curate] = readRoles(['a', 'b']).filter(({ name }) => name === 'curate')
    expect(curate?.grants).toEqual(
      expect.arrayContaining(['GRANT SELECT, INSERT ON a.person_link', 'GRANT SELECT, INSERT ON b.person_link']),
    )
    expect(curate?.grants.join()).not.toContain('chainon')
  })
})
