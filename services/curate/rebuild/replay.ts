/** Reads the pseudonymised log of the linked feeds and sends every contribution to an index that is built. */
import { randomUUID } from 'node:crypto'
import type { Kafka, KafkaMessage } from 'kafkajs'
import type { Decoder } from '#core/avro/registry.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { originOf, rewrittenOf } from '#core/kafka/headers.ts'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { partitionReader } from '#core/kafka/partition-reader.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import { pipeline } from '#core/pipeline/pipeline.ts'
import type { TokenOpener } from '#core/sealing/tokens.ts'
import { contributions, type LinkDependencies } from '../link/contributions.ts'
import type { IndexStore } from '../link/index-store.ts'
import { type Contribution, DEFAULT_LIMITS, indexLinker, linkPartition, type UsedIndex } from '../link/linker.ts'
import type { OriginMessage } from '../load/order.ts'
import { prepareBatch } from '../load/prepare-batch.ts'
import { ruleTally } from '../load/rule-tally.ts'
import { decodeMessage } from '../steps/decode-message.ts'
import type { validateRecord } from '../steps/validate-record.ts'

/** A linked feed: what makes a record a contribution, as when it is loaded. */
export interface ReplayedFeed extends Omit<LinkDependencies, 'linker'> {
  readonly topic: string
  readonly decoder: Decoder
  readonly wrap: Pick<PseudonymWrap, 'unwrap'>
  readonly tokens: TokenOpener
  readonly validate: ReturnType<typeof validateRecord>
}

export interface ReplayProgress {
  readonly done: number
  readonly total: number
}

interface Range extends LogRange {
  readonly feed: ReplayedFeed
}

/** Messages between two notes of how far the replay is. */
const CHUNK = 2000

/**
 * Replays up to the end that the log has now. A replay that was interrupted goes on where it was: the log offsets are kept in the index.
 *
 * @throws ChainonError link-rebuild-refused when the log no longer has its first records, IndexRefused when the index was lost
 */
export async function replayLog(
  kafka: Kafka,
  namespace: string,
  store: IndexStore,
  index: UsedIndex,
  feeds: readonly ReplayedFeed[],
  onProgress: (progress: ReplayProgress) => void,
): Promise<void> {
  const state = `${store.prefix(index.id)}state`
  const kept = await store.redis.hgetall(state)
  const ranges: Range[] = []
  let total = 0
  let done = 0
  const reader = partitionReader(kafka)
  try {
    await withAdmin(kafka, async (admin) => {
      for (const feed of feeds) {
        for (const { partition, low, high } of await topicExtent(admin, feed.topic)) {
          const noted = BigInt(kept[`l:${feed.topic}:${partition}`] ?? '0')
          // A log that was written anew begins later, and has every message: what was read before comes again.
          const anew = low > noted && rewrittenOf((await reader.first(feed.topic, partition))?.headers)?.first === true
          const next = anew ? low : noted
          if (low > next)
            throw new ChainonError(
              'link-rebuild-refused',
              `${feed.topic}, partition ${partition}, begins at offset ${low}: links cannot be made again from a log without its first records`,
            )
          ranges.push({ feed, topic: feed.topic, partition, next, end: high })
          total += Number(high)
          done += Number(next)
        }
      }
    })
  } finally {
    await reader.close()
  }
  const linkOn = indexLinker(store, DEFAULT_LIMITS)
  const positions = new Map(Object.entries(kept).filter(([name]) => name.startsWith('p:')))
  const report = async () => {
    onProgress({ done, total })
    await store.redis.hset(state, { done, total })
  }
  await report()

  async function link(range: Range, incarnation: string, messages: readonly OriginMessage[]): Promise<void> {
    const { feed } = range
    await prepareBatch(feed, messages)
    const read = pipeline<OriginMessage>()
      .step(decodeMessage(feed.contract, feed.decoder, feed.wrap, feed.tokens), {
        undecodable: 'none',
        'key-shredded': 'none',
        'seal-broken': 'none',
        'rule-rejected': 'none',
        guard: 'none',
        unencodable: 'none',
        'worker-failed': 'none',
      })
      .step(feed.validate(ruleTally()), { 'rule-rejected': 'none' })
      .build()
    const contributionOf = contributions(feed)
    const found: Contribution[] = []
    let to = -1n
    for (const message of messages) {
      const result = read.run(message)
      if (result.kind === 'pass') found.push(contributionOf(result.value))
      if (message.origin > to) to = message.origin
    }
    const partition = linkPartition(feed.contract.feed, { incarnation, partition: range.partition })
    const loaded = BigInt(positions.get(`p:${partition}`) ?? '-1')
    await linkOn(index, { partition, loaded, to }, found)
    positions.set(`p:${partition}`, (to > loaded ? to : loaded).toString())
  }

  await readLog(kafka, `${namespace}link-rebuild-${randomUUID()}`, ranges, CHUNK, {
    async read(range, messages, advanced) {
      for (const [incarnation, found] of byIncarnation(messages)) await link(range, incarnation, found)
      done += advanced
      await store.redis.hset(state, `l:${range.topic}:${range.partition}`, range.next.toString())
    },
    batchRead: report,
  })
}

/** Messages without an origin were not written by deidentify. */
function byIncarnation(messages: readonly KafkaMessage[]): ReadonlyMap<string, readonly OriginMessage[]> {
  const found = new Map<string, OriginMessage[]>()
  for (const message of messages) {
    const origin = originOf(message.headers)
    if (!origin) continue
    const same = found.get(origin.incarnation) ?? []
    found.set(origin.incarnation, same)
    same.push({ message, origin: origin.offset })
  }
  return found
}
