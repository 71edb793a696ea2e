/**
 * Reads the first-level pseudonyms of the kept log, and writes for each the second-level one of before and after. Only a process with both secrets
 * can do it: neither is in a statement, and from the one value the other cannot be computed.
 */
import { randomUUID } from 'node:crypto'
import type { Kafka, KafkaMessage } from 'kafkajs'
import type { Decoder } from '#core/avro/registry.ts'
import type { ClickHouseClient } from '#core/clickhouse/client.ts'
import { pseudonymFields } from '#core/contract/avro-schemas.ts'
import { isMarker } from '#core/contract/marker.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import type { ReplayProgress } from '../rebuild/replay.ts'
import { note } from './staging.ts'
import { MAP } from './statements.ts'

export interface MappedFeed {
  readonly contract: FeedContract
  readonly topic: string
  readonly decoder: Decoder
}

export interface MapDependencies {
  readonly kafka: Kafka
  readonly clickhouse: ClickHouseClient
  readonly namespace: string
  readonly feeds: readonly MappedFeed[]
  readonly from: Pseudonymiser
  readonly to: Pseudonymiser
  readonly wrap: Pick<PseudonymWrap, 'unwrap'>
  /** How far an earlier attempt was, by `log:<topic>:<partition>`. */
  readonly progress: ReadonlyMap<string, number>
  readonly onProgress: (progress: ReplayProgress) => void
}

export type Mapping = readonly [domain: string, before: string, after: string]

interface Range extends LogRange {
  readonly feed: MappedFeed
}

/** Messages between two notes of how far the reading is. */
const CHUNK = 5000
const progressOf = (topic: string, partition: number) => `log:${topic}:${partition}`

/** Reads up to the end that the log has now. What is read twice is in the map once. */
export async function mapLog(dependencies: MapDependencies): Promise<void> {
  const { kafka, clickhouse, namespace, feeds, progress, onProgress } = dependencies
  const ranges: Range[] = []
  let [total, done] = [0, 0]
  await withAdmin(kafka, async (admin) => {
    for (const feed of feeds)
      for (const { partition, low, high } of await topicExtent(admin, feed.topic)) {
        const noted = BigInt(progress.get(progressOf(feed.topic, partition)) ?? 0)
        // Records that the log has lost are found when the tables are compared.
        const next = noted > low ? noted : low
        ranges.push({ feed, topic: feed.topic, partition, next, end: high })
        total += Number(high - low)
        done += Number(next - low)
      }
  })
  onProgress({ done, total })
  await readLog(kafka, `${namespace}key-rotation-${randomUUID()}`, ranges, CHUNK, {
    async read({ feed, topic, partition, next }, messages, advanced) {
      await feed.decoder.prepare(messages.map(({ value }) => value))
      const values = mappingsOf(feed, messages, dependencies)
      if (values.length > 0) {
        const columns: [string, ...string[]] = ['domain', 'old', 'new']
        await clickhouse.insert({ table: MAP, columns, values: [...values], format: 'JSONCompactEachRow' })
      }
      await note(clickhouse, progressOf(topic, partition), Number(next))
      done += advanced
    },
    batchRead: async () => onProgress({ done, total }),
  })
}

/** Pure. @param feed with the schemas of the messages loaded @returns each pair once */
export function mappingsOf(
  { contract, decoder }: Pick<MappedFeed, 'contract' | 'decoder'>,
  messages: readonly Pick<KafkaMessage, 'value'>[],
  { from, to, wrap }: Pick<MapDependencies, 'from' | 'to' | 'wrap'>,
): readonly Mapping[] {
  const fields = pseudonymFields(contract)
  const found = new Map<string, Mapping>()
  for (const { value } of messages) {
    const decoded = decoder.decode(value)
    if (!decoded || isMarker(decoded.name)) continue
    for (const { column, domain } of fields) {
      const stored = decoded.record[column]
      const key = `${domain}\0${String(stored)}`
      if (typeof stored !== 'string' || found.has(key)) continue
      const first = wrap.unwrap(stored)
      if (first === undefined) continue
      found.set(key, [domain, from.pseudonym(domain, first), to.pseudonym(domain, first)])
    }
  }
  return [...found.values()]
}
