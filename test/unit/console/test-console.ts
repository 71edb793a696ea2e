/** A console without other servers, and the cookie of an operator who is logged in. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { httpSettings } from '#core/http/settings.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildApp } from '../../../services/console/app.ts'
import { createHistory } from '../../../services/console/collectors/history.ts'
import type { SnapshotPublisher } from '../../../services/console/collectors/snapshot-publisher.ts'
import { consoleConfig } from '../../../services/console/config.ts'
import { openAccount } from '../../../services/console/login/account.ts'
import { openSessions } from '../../../services/console/login/sessions.ts'
import { loadPage } from '../../../services/console/routes/page.ts'

export interface TestConsole {
  readonly app: FastifyInstance
  readonly folder: string
  readonly password: string
  readonly cookie: string
  /** What the access journal was told. */
  readonly entries: readonly JournalEvent[]
  close(): Promise<void>
}

/** Of a page that nobody may see without a login. */
const SILENT: SnapshotPublisher = {
  history: createHistory(),
  latest: () => {
    throw new Error('read')
  },
  onSnapshot: () => undefined,
  stop: async () => undefined,
}

export async function testConsole(
  publisher: SnapshotPublisher = SILENT,
  env: NodeJS.ProcessEnv = {},
): Promise<TestConsole> {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-console-'))
  const account = openAccount(folder)
  const sessions = openSessions(folder, Date.now)
  const entries: JournalEvent[] = []
  const journal = { note: (event: JournalEvent) => void entries.push(event) }
  const queries = hourlyCounts(journal)
  const app = await buildApp({
    publisher,
    page: loadPage(),
    http: httpSettings(consoleConfig(env)).http,
    health: () => ({ status: 'ok' }),
    account,
    sessions,
    journal,
    queries,
    logger: createLogger('test', 'fatal'),
    metrics: createMetrics('console'),
  })
  return {
    app,
    folder,
    password: readFileSync(join(folder, 'operator.password'), 'utf8').trim(),
    entries,
    cookie: `chainon_session=${sessions.begin()}`,
    async close() {
      await app.close()
      await queries.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
