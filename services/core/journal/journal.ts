/** The access journal of a program: what it notes, and what it may not do without an entry. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Check } from 'typebox/schema'
import { deriveKey } from '../crypto/hmac.ts'
import { loadOrCreateSecret } from '../crypto/secrets.ts'
import { ChainonError } from '../faults/errors.ts'
import { JournalEvent } from './actions.ts'
import { type Head, type Writer, writerOf } from './entry.ts'
import { journalFolder } from './folders.ts'
import { type SendLines, sendSpool } from './send.ts'
import { openSpool } from './spool.ts'

export interface Journal {
  /** Returns when the entry is on the disk; it never throws, because the journal stops no record. What cannot be kept is told to `onLost`. */
  note(event: JournalEvent): void
  /**
   * Returns when Kafka has the entry.
   *
   * @param send gives lines to Kafka @throws when Kafka does not acknowledge them
   * @throws ChainonError dependency-unavailable: what the entry is about may not be done
   */
  require(event: JournalEvent, send: SendLines): Promise<void>
}

export interface JournalOptions {
  /** Name of the program, the first part of the name of its chain. */
  readonly program: string
  readonly dataDir: string
  /** The program's own: the key that signs its entries is in it. */
  readonly secretsDir: string
  /** @param error undefined when the spool is full */
  readonly onLost: (error: unknown) => void
  readonly onKept?: () => void
  readonly now?: () => number
}

const KEY_FILE = 'journal.key'
const PLACE_FILE = 'place'
const ACKNOWLEDGED_WITHIN_MS = 20_000

/** Opens files only when something is noted: a command that notes nothing leaves no folder. */
export function openJournal({ program, dataDir, secretsDir, onLost, onKept, now = Date.now }: JournalOptions): Journal {
  let writer: Writer | undefined

  function append(event: JournalEvent): { readonly folder: string; readonly head: Head | undefined } {
    if (!Check(JournalEvent, event)) throw new ChainonError('bug', `the journal has no such event: ${event.action}`)
    writer ??= openWriter(program, secretsDir, journalFolder(dataDir))
    const folder = join(journalFolder(dataDir), writer.name)
    return { folder, head: openSpool(folder).append(writer, event, new Date(now()).toISOString()) }
  }

  return {
    note(event) {
      try {
        if (append(event).head === undefined) onLost(undefined)
        else onKept?.()
      } catch (error) {
        onLost(error)
      }
    },
    async require(event, send) {
      const { folder, head } = append(event)
      if (!head) throw refusal('its spool is full')
      for (const until = now() + ACKNOWLEDGED_WITHIN_MS; ; ) {
        try {
          await sendSpool(folder, send)
        } catch (cause) {
          throw refusal('Kafka does not acknowledge it (KAFKA_BROKERS)', cause)
        }
        // Another process may be sending it.
        if (openSpool(folder).sent().sequence >= head.sequence) return
        if (now() > until) throw refusal('another process is sending it and does not end')
        await sleep(50)
      }
    },
  }
}

/**
 * For what may not happen without a trace: the entry that it begins is in Kafka before the work starts, and its end is noted after it.
 *
 * @param event its outcome is set here
 * @param ended the entry of what was done; by default the same one
 * @throws ChainonError dependency-unavailable: nothing was done
 */
export async function withEntry<T>(
  journal: Journal,
  send: SendLines,
  event: JournalEvent,
  work: () => Promise<T>,
  ended: (result: T) => JournalEvent = () => ({ ...event, outcome: 'done' }),
): Promise<T> {
  try {
    await journal.require({ ...event, outcome: 'begun' }, send)
  } catch (error) {
    journal.note({ ...event, outcome: 'refused' })
    throw error
  }
  let result: T
  try {
    result = await work()
  } catch (error) {
    journal.note({ ...event, outcome: 'failed' })
    throw error
  }
  journal.note(ended(result))
  return result
}

/**
 * The key follows from the program's secret and from a random text of the state folder: hosts that have a copy of the secret are different
 * writers, and a folder that is lost begins a new chain instead of giving numbers twice.
 */
function openWriter(program: string, secretsDir: string, folder: string): Writer {
  const place = loadOrCreateSecret(folder, PLACE_FILE).toString('hex')
  return writerOf(program, deriveKey(loadOrCreateSecret(secretsDir, KEY_FILE), `chainon/journal/${place}`))
}

function refusal(why: string, cause?: unknown): ChainonError {
  return new ChainonError('dependency-unavailable', `Nothing was done: the access journal has no entry of it, ${why}`, {
    cause,
  })
}
