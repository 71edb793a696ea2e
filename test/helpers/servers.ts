/** What a test takes from the shared servers: their addresses, and names that no other test has. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'

/** @returns the variables that lead to the shared servers */
export function servers(): Readonly<Record<string, string>> {
  return inject('servers')
}

export interface Isolated {
  /** The servers, with a namespace, a database, a data folder and a secrets folder of this test's own. */
  readonly env: Record<string, string>
  readonly namespace: string
  readonly database: string
  readonly folder: string
  /** Removes the folder; topics and tables go with the stack at the end of the run. */
  remove(): void
}

/** @returns an environment of a test's own on the shared servers: topics, groups, Redis keys, database and files */
export function isolated(): Isolated {
  const id = `t${randomBytes(4).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'chainon-case-'))
  const env = {
    ...servers(),
    CHAINON_NAMESPACE: `${id}.`,
    CLICKHOUSE_DATABASE: id,
    CHAINON_DATA_DIR: folder,
    CHAINON_SECRETS_DIR: join(folder, 'secrets'),
  }
  return {
    env,
    namespace: `${id}.`,
    database: id,
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
