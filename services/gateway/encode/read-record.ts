import { recordReader, type ValueSource } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, type Provenance, pass } from '#core/pipeline/verdict.ts'
import type { DataKey } from '../seal/sealer.ts'

/** A decoded object of a request, with its producer and time of receipt. */
export interface ReceivedRecord {
  readonly raw: unknown
  readonly source: ValueSource
  readonly provenance: Provenance
  /** Of the producer; the record is sealed under it. */
  readonly dataKey: DataKey
  /** The file that it was read from, when that is kept. */
  readonly file?: Buffer | undefined
}

export interface ContractRecord {
  /** Values of the contract's fields. */
  readonly record: Record<string, unknown>
  readonly provenance: Provenance
  readonly dataKey: DataKey
  readonly file?: Buffer | undefined
}

/** Compares a decoded object with its contract: every fault of every field at once. */
export function readRecord(contract: FeedContract): Step<ReceivedRecord, ContractRecord, 'contract-mismatch'> {
  const readers = { json: recordReader(contract, 'json'), avro: recordReader(contract, 'avro') }
  return {
    name: 'readRecord',
    run: ({ raw, source, provenance, dataKey, file }) => {
      const read = readers[source](raw)
      return read.ok
        ? pass({ record: read.record, provenance, dataKey, file })
        : fail('contract-mismatch', provenance, read.faults)
    },
  }
}
