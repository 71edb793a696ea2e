/** A console without other servers, and the cookie of an operator who is logged in. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { httpSettings } from '#core/http/settings.ts'
import type { JournalEvent } from '#core/journal/actions.ts'
import { hourlyCounts } from '#core/journal/hourly.ts'
import { reviewLog } from '#core/linkage/review/review-log.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { createMetrics } from '#core/telemetry/metrics.ts'
import { buildApp } from '../../../services/console/app.ts'
import { createHistory } from '../../../services/console/collectors/history.ts'
import type { SnapshotPublisher } from '../../../services/console/collectors/snapshot-publisher.ts'
import { consoleConfig } from '../../../services/console/config.ts'
import { openAccount } from '../../../services/console/login/account.ts'
import { openSessions } from '../../../services/console/login/sessions.ts'
import { reviewDesk } from '../../../services/console/review/desk.ts'
import type { LinkServices } from '../../../services/console/review/link-services.ts'
import { loadPage } from '../../../services/console/routes/page.ts'

export interface TestConsole {
  readonly app: FastifyInstance
  readonly folder: string
  readonly password: string
  readonly cookie: string
  /** Of an account that may not review. */
  readonly otherCookie: string
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

/** Linker and curate are down. */
const DOWN: LinkServices = {
  review: async () => ({ kind: 'failed', detail: 'the linker does not answer' }),
  pair: async () => ({ kind: 'failed', detail: 'the linker does not answer' }),
  person: async () => ({ kind: 'failed', detail: 'the linker does not answer' }),
  history: async () => ({ kind: 'failed', detail: 'curate does not answer' }),
  decide: async () => ({ kind: 'failed', detail: 'curate does not answer' }),
}

export async function testConsole(
  publisher: SnapshotPublisher = SILENT,
  env: NodeJS.ProcessEnv = {},
  links: LinkServices = DOWN,
): Promise<TestConsole> {
  const folder = mkdtempSync(join(tmpdir(), 'chainon-console-'))
  const config = consoleConfig(env)
  const account = openAccount(folder, ['anna', 'bert'])
  const sessions = openSessions(folder, Date.now)
  const entries: JournalEvent[] = []
  const journal = { note: (event: JournalEvent) => void entries.push(event) }
  const queries = hourlyCounts(journal)
  const logger = createLogger('test', 'fatal')
  const reviewers = config.CHAINON_LINKAGE_REVIEWERS
  const log = reviewLog(folder)
  const app = await buildApp({
    desk: reviewDesk({ links, log, reviewers, journal, logger, now: Date.now }),
    links,
    mayReview: (user) => user !== 'bert',
    publisher,
    page: loadPage(),
    http: httpSettings(config).http,
    health: () => ({ status: 'ok' }),
    account,
    sessions,
    journal,
    queries,
    logger,
    metrics: createMetrics('console'),
  })
  return {
    app,
    folder,
    password: readFileSync(join(folder, 'operator.password'), 'utf8').trim(),
    entries,
    cookie: `chainon_session=${sessions.begin('operator')}`,
    otherCookie: `chainon_session=${sessions.begin('bert')}`,
    async close() {
      await app.close()
      await queries.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
