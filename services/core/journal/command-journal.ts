/** The journal of a command that may not act without an entry in Kafka. */
import type { Config } from '../config/read.ts'
import { type KAFKA_KEYS, kafkaClient } from '../kafka/client.ts'
import { createLogger } from '../telemetry/logger.ts'
import type { JournalEvent } from './actions.ts'
import { chainFolders, journalFolder } from './folders.ts'
import { type Journal, type JournalOptions, openJournal, withEntry } from './journal.ts'
import { kafkaLines, sendSpool } from './send.ts'

export interface CommandJournal extends Pick<Journal, 'note'> {
  /** @see withEntry */
  guard<T>(event: JournalEvent, work: () => Promise<T>, ended?: (result: T) => JournalEvent): Promise<T>
  /** Sends what was noted; where Kafka is away, a service that runs sends it later. */
  close(): Promise<void>
}

export function commandJournal(options: JournalOptions, config: Config<(typeof KAFKA_KEYS)[number]>): CommandJournal {
  const logger = createLogger(options.program, 'fatal')
  const send = kafkaLines(kafkaClient(options.program, config, logger), config.CHAINON_NAMESPACE, logger)
  const journal = openJournal(options)
  let refused = false
  return {
    note: (event) => journal.note(event),
    async guard(event, work, ended) {
      refused = true
      const begun = async () => {
        refused = false
        return work()
      }
      return withEntry(journal, send, event, begun, ended)
    },
    async close() {
      try {
        // Where Kafka did not answer before, the command does not wait for it again.
        if (!refused) for (const folder of chainFolders(journalFolder(options.dataDir))) await sendSpool(folder, send)
      } catch {
        // The entries stay in the spool, where they are counted and become an alarm.
      } finally {
        await send.close()
      }
    },
  }
}
