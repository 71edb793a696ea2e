/**
 * The roles of the local ClickHouse: the grants of `deploy/clickhouse/grants/`, the same files that an administrator runs on a server, as
 * roles of the engine. The embedded engine has one user and cannot store others; each statement runs with one role of it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const GRANTS_DIR = join(import.meta.dirname, '../../clickhouse/grants')

/** The database that the files name. */
const WAREHOUSE = /\bchainon\./g

/**
 * Whoever maintains this machine's data by hand, and the tests: every right on every database, and none on files, addresses,
 * servers, executables, functions or users.
 */
const ADMIN = [
  'GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP DATABASE, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE, SYSTEM MERGES, SYSTEM FETCHES, SYSTEM SYNC REPLICA ON *.*',
]

export interface Role {
  readonly name: string
  /** GRANT and REVOKE statements without the name of the role, in the order of the file. */
  readonly grants: readonly string[]
  /** It has no right to write: the engine rejects every statement that would. */
  readonly readonly: boolean
}

/** @param databases names of warehouses; each gets the rights that the files give on `chainon` */
export function readRoles(databases: readonly string[]): readonly Role[] {
  const files = readdirSync(GRANTS_DIR).filter((file) => file.endsWith('.sql'))
  const written = files.toSorted().map((file): Role => {
    const name = file.slice(0, -'.sql'.length)
    const grants = grantsOf(readFileSync(join(GRANTS_DIR, file), 'utf8')).map((grant) => withoutName(grant, name))
    return {
      name,
      grants: [
        ...new Set(grants.flatMap((grant) => databases.map((database) => grant.replace(WAREHOUSE, `${database}.`)))),
      ],
      readonly: grants.every((grant) => /^(GRANT|REVOKE) (SELECT|SHOW DATABASES) ON /.test(grant)),
    }
  })
  return [{ name: 'admin', grants: ADMIN, readonly: false }, ...written]
}

/** @returns the statements of a file, without comments and semicolons */
export function grantsOf(text: string): readonly string[] {
  return text
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

function withoutName(grant: string, name: string): string {
  const end = new RegExp(` (TO|FROM) ${name}$`)
  if (!end.test(grant)) throw new Error(`a statement of grants/${name}.sql is not for ${name}`)
  return grant.replace(end, '')
}
