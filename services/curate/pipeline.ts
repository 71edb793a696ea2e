/**
 * The way of a batch through the pseudonymised zone. The steps are in `steps/`, one file each. Order and loading (high-water mark,
 * intent, insert, commit) are around it, in worker.ts.
 */
import type { Decoder } from '#core/avro/registry.ts'
import type { MarkerFault } from '#core/contract/marker.ts'
import { type BatchPipeline, pipeline } from '#core/pipeline/pipeline.ts'
import type { OriginMessage } from './load/order.ts'
import type { RowBuilder } from './load/rows.ts'
import type { RuleTally } from './load/rule-tally.ts'
import { buildRow, type LoadableRecord } from './steps/build-row.ts'
import { decodeMessage } from './steps/decode-message.ts'
import { type LinkParts, linkPatients } from './steps/link-patients.ts'
import type { validateRecord } from './steps/validate-record.ts'

export interface FeedParts extends LinkParts {
  readonly decoder: Decoder
  readonly validate: ReturnType<typeof validateRecord>
  readonly rows: RowBuilder
}

/** Nothing is dropped: replays are dropped before, and every origin has an outcome. */
export type CuratePipeline = BatchPipeline<OriginMessage, LoadableRecord, MarkerFault, 'quarantined' | 'rejected'>

/** @returns the pipeline of one batch of one partition */
export function curatePipeline(parts: FeedParts, partition: number, tally: RuleTally): CuratePipeline {
  return pipeline<OriginMessage>()
    .step(decodeMessage(parts.decoder), {
      undecodable: 'quarantined',
      'rule-rejected': 'quarantined',
      unencodable: 'quarantined',
    })
    .step(parts.validate(tally), { 'rule-rejected': 'rejected' })
    .batchStep(linkPatients(parts, partition))
    .step(buildRow(parts.rows, partition))
    .buildBatch()
}
