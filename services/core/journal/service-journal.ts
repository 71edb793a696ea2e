/** The journal of a service that runs: what it loses is an alarm and a count, and it sends the spools of its data folder. */
import type { Kafka } from 'kafkajs'
import { within } from '../process/within.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { type Journal, openJournal } from './journal.ts'
import { kafkaLines, watchSpools } from './send.ts'

const LOST = 'journal-lost'
/** A service that stops does not wait for Kafka. */
const STOP_MS = 1_000

export interface ServiceJournalOptions {
  readonly service: string
  readonly dataDir: string
  readonly secretsDir: string
  readonly namespace: string
  readonly kafka: Kafka
  readonly alarms: Alarms
  readonly metrics: Metrics
  readonly logger: Logger
}

export interface ServiceJournal extends Pick<Journal, 'note'> {
  stop(): Promise<void>
}

export function serviceJournal(options: ServiceJournalOptions): ServiceJournal {
  const { service, dataDir, secretsDir, namespace, kafka, alarms, metrics, logger } = options
  const lost = metrics.counter('chainon_journal_lost', 'Entries of the access journal that could not be kept')
  const journal = openJournal({
    program: service,
    dataDir,
    secretsDir,
    onLost(error) {
      lost(1, {})
      const err = error === undefined ? {} : { err: safeError(error) }
      logger.error({ event: LOST, ...err }, 'an entry of the access journal could not be kept')
      alarms.raise({
        id: LOST,
        code: LOST,
        message: `Entries of the access journal of ${service} could not be kept (event journal-lost in its log): the spool is full, or its folder cannot be written`,
      })
    },
    onKept: () => alarms.clear(LOST),
  })
  const send = kafkaLines(kafka, namespace, logger)
  const sender = watchSpools({ dataDir, send, alarms, metrics, logger })
  return {
    note: (event) => journal.note(event),
    async stop() {
      try {
        await within(
          STOP_MS,
          sender.stop().then(() => send.close()),
        )
      } catch {
        // Kafka is away: what is not sent is in the spool, and the next process sends it.
      }
    },
  }
}
