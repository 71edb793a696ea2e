/** Runs the pipeline over the messages of one batch, and collects their outcomes. */
import type { MarkerFault } from '#core/contract/marker.ts'
import type { RecordGuard } from '#core/pipeline/pipeline.ts'
import { type Link, linkPartition } from './link/linker.ts'
import type { BatchOutcome, FailedRecord } from './load/batch-outcome.ts'
import type { OriginMessage } from './load/order.ts'
import { prepareBatch } from './load/prepare-batch.ts'
import type { Source } from './load/rows.ts'
import { ruleTally } from './load/rule-tally.ts'
import { type CurateFeed, curatePipeline } from './pipeline.ts'

/** Faults that name a rule of the contract. */
const BY_RULE: ReadonlySet<MarkerFault> = new Set(['rule-rejected', 'guard'])

/** @param loaded the last origin of the partition that is loaded; -1 before the first */
export async function curateBatch(
  feed: CurateFeed,
  source: Source,
  messages: readonly OriginMessage[],
  loaded: bigint,
  guard?: RecordGuard,
): Promise<BatchOutcome> {
  await prepareBatch(feed, messages)
  const batch = {
    partition: linkPartition(feed.contract.feed, source),
    loaded,
    to: messages.at(-1)?.origin ?? loaded,
  }
  const tally = ruleTally()
  const results = await curatePipeline(feed, source, batch, tally).runBatch(messages, guard)
  const rows: (readonly unknown[])[] = []
  const failures: FailedRecord[] = []
  const links: { link: Link; cause: bigint }[] = []
  const receivedAt: number[] = []
  let unlinked = 0
  let limited = 0
  let rejected = 0
  for (const [index, result] of results.entries()) {
    if (result.kind === 'pass') {
      const { value } = result
      rows.push(value.row)
      receivedAt.push(value.receivedAt)
      if (value.unlinked) unlinked++
      if (value.limited) limited++
      for (const link of value.links) links.push({ link, cause: value.origin })
      continue
    }
    failures.push({ origin: originAt(messages, index), failed: result })
    if (result.outcome === 'rejected') rejected++
    // A rule that rejected the record in deidentify is counted with the rules checked here. Rules that were not checked do not count.
    if (result.foundBy && BY_RULE.has(result.fault) && result.provenance)
      tally.add(result.provenance, result.details[0].rule, 'reject', 'failed')
  }
  const quarantined = failures.length - rejected
  return { rows, failures, rejected, quarantined, unlinked, limited, links, rules: tally.rows(), receivedAt }
}

function originAt(messages: readonly OriginMessage[], index: number): bigint {
  const message = messages[index]
  if (!message) throw new Error('the pipeline returned a result without a message')
  return message.origin
}
