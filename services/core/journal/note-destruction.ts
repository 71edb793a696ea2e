/** The proof of a destruction, in the access journal. */
import type { Destroyed } from '../custody/sealed-folders.ts'
import type { JournalEvent } from './actions.ts'
import type { Journal } from './journal.ts'

/**
 * Noted, and not asked for: what has to go is destroyed also while Kafka is away, and the entry is sent later.
 *
 * @param eventOf the entry; of what the description says at first and when it fails, of what was there when it is done
 * @throws what `destroy` throws
 */
export function noteDestruction(
  journal: Pick<Journal, 'note'>,
  described: Pick<Destroyed, 'key' | 'sha256'>,
  eventOf: (outcome: 'begun' | 'done' | 'failed', of: Pick<Destroyed, 'key' | 'sha256'>) => JournalEvent,
  destroy: () => Destroyed,
): Destroyed {
  journal.note(eventOf('begun', described))
  try {
    const destroyed = destroy()
    journal.note(eventOf('done', destroyed))
    return destroyed
  } catch (error) {
    journal.note(eventOf('failed', described))
    throw error
  }
}
