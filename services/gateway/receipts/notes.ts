/** Notes what became of the records of a request, beside the answer's path: nothing here fails or delays a request. */
import type { FeedContract } from '#core/contract/types.ts'
import { readReceiptId } from '#core/gateway-api/receipt-id.ts'
import type { Batch } from '../ingest/batch.ts'
import { type RowSettings, receiptLines } from './rows.ts'
import type { Spool } from './spool.ts'

export interface Noted {
  readonly receiptId: string
  readonly producer: string
  /** The feed, or `fhir`, or `hl7`. */
  readonly feed: string
  readonly batch: Batch
  /** True when it continues a request whose refusals were noted. */
  readonly resumed: boolean
}

export interface ReceiptNotes {
  note(noted: Noted): void
}

export interface NotesDependencies {
  readonly spool: Pick<Spool, 'add'>
  readonly contracts: readonly FeedContract[]
  readonly topicId: RowSettings['topicId']
  /** How long a receipt is kept, in milliseconds. */
  readonly keptMs: number
}

export function receiptNotes({ spool, contracts, topicId, keptMs }: NotesDependencies): ReceiptNotes {
  const fields = new Map(contracts.map(({ feed, fields: of }) => [feed, new Set(of.map(({ name }) => `/${name}`))]))
  const settings = { topicId, isField: (feed: string, pointer: string) => fields.get(feed)?.has(pointer) ?? false }
  return {
    note({ receiptId, producer, feed, batch, resumed }) {
      const name = readReceiptId(receiptId)
      if (!name) return
      const receipt = { number: name.number, producer, at: name.at, expiresAt: name.at + keptMs }
      spool.add(receiptId, receiptLines(receipt, batch, feed, resumed, settings))
    },
  }
}
