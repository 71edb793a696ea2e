/** The environment of a test on the shared servers: their addresses, and names that no other test uses. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'

/** @returns the environment variables of the shared servers */
export function servers(): Readonly<Record<string, string>> {
  return inject('servers')
}

export interface Isolated {
  /** The servers, with a separate namespace, database, data folder and secrets folder for this test. */
  readonly env: Record<string, string>
  readonly namespace: string
  readonly database: string
  readonly folder: string
  /** Removes the folder; topics and tables are removed with the stack at the end of the run. */
  remove(): void
}

/** @returns a separate environment on the shared servers: topics, groups, Redis keys, database and files */
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
