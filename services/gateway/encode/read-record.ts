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
}

export interface ContractRecord {
  /** Values of the contract's fields. */
  readonly record: Record<string, unknown>
  readonly provenance: Provenance
  readonly dataKey: DataKey
}

/** Compares a decoded object with its contract: every fault of every field at once. */
export function readRecord(contract: FeedContract): Step<ReceivedRecord, ContractRecord, 'contract-mismatch'> {
  const readers = { json: recordReader(contract, 'json'), avro: recordReader(contract, 'avro') }
  return {
    name: 'readRecord',
    run: ({ raw, source, provenance, dataKey }) => {
      const read = readers[source](raw)
      return read.ok
        ? pass({ record: read.record, provenance, dataKey })
        : fail('contract-mismatch', provenance, read.faults)
    },
  }
}
