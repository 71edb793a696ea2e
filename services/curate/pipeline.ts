/**
 * The steps of a batch in the pseudonymised zone. They are in `steps/`, one file each. worker.ts orders the messages before and loads
 * the rows after (high-water mark, intent, insert, commit).
 */
import type { Decoder } from '#core/avro/registry.ts'
import type { MarkerFault } from '#core/contract/marker.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { type BatchPipeline, pipeline } from '#core/pipeline/pipeline.ts'
import type { TokenOpener } from '#core/sealing/tokens.ts'
import type { LinkDependencies } from './link/contributions.ts'
import type { LinkBatch } from './link/linker.ts'
import type { OriginMessage } from './load/order.ts'
import type { RowBuilder, Source } from './load/rows.ts'
import type { RuleTally } from './load/rule-tally.ts'
import { buildRow, type LoadableRecord } from './steps/build-row.ts'
import { decodeMessage } from './steps/decode-message.ts'
import { leaveUnlinked } from './steps/leave-unlinked.ts'
import { linkPatients } from './steps/link-patients.ts'
import type { validateRecord } from './steps/validate-record.ts'

export interface CurateFeed extends LinkDependencies {
  /** What the blocks of this worker depend on besides the records; see `layoutOf`. */
  readonly layout: string
  readonly decoder: Decoder
  readonly wrap: Pick<PseudonymWrap, 'unwrap'>
  /** Of a linked feed. */
  readonly tokens: TokenOpener | undefined
  readonly validate: ReturnType<typeof validateRecord>
  readonly rows: RowBuilder
}

/** Nothing is dropped: worker.ts drops replays before, and every origin has an outcome. */
export type CuratePipeline = BatchPipeline<OriginMessage, LoadableRecord, MarkerFault, 'quarantined' | 'rejected'>

/** @returns the pipeline of one batch */
export function curatePipeline(feed: CurateFeed, source: Source, batch: LinkBatch, tally: RuleTally): CuratePipeline {
  const validated = pipeline<OriginMessage>()
    .step(decodeMessage(feed.contract, feed.decoder, feed.wrap, feed.tokens), {
      undecodable: 'quarantined',
      'key-shredded': 'quarantined',
      'seal-broken': 'quarantined',
      'rule-rejected': 'quarantined',
      guard: 'quarantined',
      unencodable: 'quarantined',
      'worker-failed': 'quarantined',
    })
    .step(feed.validate(tally), { 'rule-rejected': 'rejected' })
  const rows = buildRow(feed.rows, source)
  return feed.contract.linked
    ? validated.batchStep(linkPatients(feed, batch)).step(rows).isolate('quarantined').buildBatch()
    : validated.step(leaveUnlinked()).step(rows).isolate('quarantined').buildBatch()
}
