/**
 * Loads the persons that the linker tells (`linked.<feed>`) into `person_link_scored`. At least once, and without an intent: of two rows of a record the
 * highest link version counts, so a batch may be loaded twice, and in whatever order.
 */
import { randomUUID } from 'node:crypto'
import type { Decoder } from '#core/avro/registry.ts'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { insertBlock } from '#core/clickhouse/insert.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import type { PartitionBatch } from '#core/worker/consumer.ts'
import type { WorkerEvents } from '#core/worker/events.ts'
import { buildLinkRow, LINK_COLUMNS, type LinkRow } from '../steps/build-link-row.ts'

export interface LinkLoadDependencies {
  readonly clickhouse: ClickHouseClient
  readonly decoder: Decoder
  readonly level2: Pseudonymiser
  readonly wrap: Pick<PseudonymWrap, 'unwrap'>
  readonly events: Pick<WorkerEvents, 'fault' | 'records'>
  /** @throws ChainonError key-rotation when nothing may be loaded under the key of this process */
  readonly assertKeyInForce: () => Promise<void>
}

const TABLE = 'person_link_scored'

/** @returns a function that loads one fetched batch of one partition; `name` is that of its counters */
export function linkLoader(dependencies: LinkLoadDependencies): (name: string, batch: PartitionBatch) => Promise<void> {
  const { clickhouse, decoder, level2, wrap, events, assertKeyInForce } = dependencies
  const step = buildLinkRow(decoder, level2, wrap)
  return async function loadLinks(name, batch) {
    const last = batch.messages.at(-1)
    if (!last) return
    await assertKeyInForce()
    await decoder.prepare(batch.messages.map(({ value }) => value))
    const rows: LinkRow[] = []
    for (const { value } of batch.messages) {
      const verdict = step.run(value)
      if (verdict.kind === 'pass') rows.push(verdict.value)
      else events.fault(name, verdict.fault, step.name)
    }
    batch.assertOwned()
    // Another token for each attempt: of one that was killed ClickHouse may have the token without the rows, and a row that comes twice does no harm.
    const token = `${TABLE}:${randomUUID()}`
    await insertBlock(clickhouse, { table: TABLE, columns: [...LINK_COLUMNS], rows, token })
    await batch.commit(BigInt(last.offset) + 1n)
    batch.advance(BigInt(last.offset))
    events.records(name, 'loaded', rows.length)
    events.records(name, 'quarantined', batch.messages.length - rows.length)
  }
}
