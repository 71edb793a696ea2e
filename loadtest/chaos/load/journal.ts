/** What the senders know: every record that they sent, how often, and whether the gateway has accepted it. */
import { createWriteStream, type WriteStream } from 'node:fs'

export interface SentRecord {
  /** A number that no other record of the run has; the record carries it in a field that is kept. */
  readonly nonce: number
  readonly producer: string
  readonly feed: string
  readonly recordId: string
  readonly version: number
  readonly cancelled: boolean
  /** The sender made it so that a rule rejects it. */
  readonly rejected: boolean
}

export interface JournalEntry extends SentRecord {
  /** Requests with this record that may have reached the log. */
  attempts: number
  accepted: boolean
}

export interface Journal {
  readonly entries: ReadonlyMap<number, JournalEntry>
  /** A request is on its way. */
  sent(records: readonly SentRecord[]): void
  /** The request of `sent` had no effect, by the gateway's own answer. */
  refused(records: readonly SentRecord[], status: number): void
  accepted(records: readonly SentRecord[], receipt: string): void
  /** Answers that no sender of correct records should see. */
  readonly unexpected: string[]
  readonly acceptedCount: () => number
  close(): Promise<void>
}

/** @param file receives one JSON line per event */
export function openJournal(file: string): Journal {
  const out: WriteStream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  const entries = new Map<number, JournalEntry>()
  const unexpected: string[] = []
  let accepted = 0
  const write = (event: string, records: readonly SentRecord[], more: object = {}) =>
    void out.write(`${JSON.stringify({ event, nonces: records.map(({ nonce }) => nonce), ...more })}\n`)
  return {
    entries,
    unexpected,
    acceptedCount: () => accepted,
    sent(records) {
      const fresh = records.filter(({ nonce }) => !entries.has(nonce))
      for (const record of records) {
        const known = entries.get(record.nonce)
        if (known) known.attempts++
        else entries.set(record.nonce, { ...record, attempts: 1, accepted: false })
      }
      write('sent', records, fresh.length > 0 ? { records: fresh } : {})
    },
    refused(records, status) {
      for (const { nonce } of records) {
        const known = entries.get(nonce)
        if (known) known.attempts--
      }
      write('refused', records, { status })
    },
    accepted(records, receipt) {
      for (const { nonce } of records) {
        const known = entries.get(nonce)
        if (known && !known.accepted) accepted++
        if (known) known.accepted = true
      }
      write('accepted', records, { receipt })
    },
    close: () => new Promise((resolve) => out.end(resolve)),
  }
}
