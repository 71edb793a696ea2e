/**
 * Retires former versions of the key of linkage tokens, when nobody can seal for them any more (core/custody/nobody-seals.ts), and nothing of the kept log is sealed for
 * them: each message is looked at. `chainon keys rotate-first-level` is what seals the log again.
 */
import { randomUUID } from 'node:crypto'
import type { KafkaMessage } from 'kafkajs'
import type { Decoder } from '#core/avro/registry.ts'
import type { PseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { nobodySealsUnderOthers, notRetired } from '#core/custody/nobody-seals.ts'
import { destroyRetiredTokenKeys, publishRetired, readTokenKeys, tokenSeed } from '#core/custody/published-key.ts'
import { sealingKey, TOKENS } from '#core/custody/sealing-versions.ts'
import type { HeldWrap } from '#core/custody/wrap-keys.ts'
import { topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { type LogRange, readLog } from '#core/kafka/read-log.ts'
import { keyIdOf } from '#core/sealing/hpke.ts'
import { sealedUnder, type TokenOpener, tokenOpener } from '#core/sealing/tokens.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import { ownSeed, type TokenRotation } from './rotation.ts'

export interface SealedFeed {
  readonly feed: string
  readonly topic: string
  readonly decoder: Decoder
}

export interface TokenRetirement extends TokenRotation {
  /** The linked feeds. */
  readonly feeds: readonly SealedFeed[]
  readonly wraps: HeldWrap
  readonly onStep: (step: string, progress?: { readonly done: number; readonly total: number }) => void
  readonly logger: Logger
}

export interface RetiredTokens {
  readonly inForce: number
  /** Versions that are retired now. */
  readonly retired: readonly number[]
  /** Files that were destroyed on this host. */
  readonly destroyed: readonly string[]
}

/** @throws ChainonError key-rotation-refused, with how many messages of which topic need a former key; ConfigurationError when a key is not here */
export async function retireTokens(retirement: TokenRetirement): Promise<RetiredTokens> {
  const { kafka, producer, namespace, dir, register, box, feeds, wraps, onStep, logger } = retirement
  const published = await readTokenKeys(kafka, namespace)
  const inForce = published.at(-1)?.version ?? 1
  const seed = await ownSeed(retirement, inForce)
  const former = published.filter(({ version, retired }) => version < inForce && !retired)
  if (former.length > 0) {
    await withAdmin(kafka, (admin) =>
      nobodySealsUnderOthers({ admin, namespace, feeds: feeds.map(({ feed }) => feed), onStep }, 'tokens', inForce),
    )
    const seeds: Buffer[] = []
    for (const { version } of former) seeds.push(await tokenSeed(dir, version, register, box))
    const opener = await tokenOpener(seeds, { wrap: wraps.tokens })
    const names = new Map(former.map(({ version, publicKey }) => [keyIdOf(publicKey), sealingKey(TOKENS, version)]))
    await nothingSealedFor(retirement, names, opener)
  }
  const retired = former.map(({ version }) => version)
  await publishRetired(producer, namespace, retired, seed)
  const destroyed = destroyRetiredTokenKeys(dir, await readTokenKeys(kafka, namespace), logger)
  return { inForce, retired, destroyed }
}

interface Range extends LogRange {
  readonly sealed: SealedFeed
}

const CHUNK = 5000

async function nothingSealedFor(
  { kafka, namespace, feeds, wraps, onStep }: TokenRetirement,
  names: ReadonlyMap<string, string>,
  opener: TokenOpener,
): Promise<void> {
  const ranges: Range[] = []
  await withAdmin(kafka, async (admin) => {
    for (const sealed of feeds)
      for (const { partition, low, high } of await topicExtent(admin, sealed.topic))
        ranges.push({ sealed, topic: sealed.topic, partition, next: low, end: high })
  })
  const total = ranges.reduce((sum, { next, end }) => sum + Number(end - next), 0)
  const found = new Map<string, number>()
  let done = 0
  await readLog(kafka, `${namespace}key-rotation-${randomUUID()}`, ranges, CHUNK, {
    async read({ sealed, topic }, messages, advanced) {
      await sealed.decoder.prepare(messages.map(({ value }) => value))
      for (const keyId of await needed(sealed, messages, { names, opener, wrap: wraps.wrap })) {
        const text = `${topic} for ${names.get(keyId)}`
        found.set(text, (found.get(text) ?? 0) + 1)
      }
      done += advanced
    },
    batchRead: async () => onStep('reading the log', { done, total }),
  })
  if (found.size > 0)
    throw notRetired(
      `${[...found].map(([text, count]) => `${count} messages of ${text}`).join(', ')}: they are sealed again by \`chainon keys rotate-first-level\``,
    )
}

/**
 * @param names of the former keys, by the ids of their public halves
 * @returns for each message that only a former key opens, the id of that key; what nothing opens needs none
 */
export async function needed(
  { feed, decoder }: Pick<SealedFeed, 'feed' | 'decoder'>,
  messages: readonly Pick<KafkaMessage, 'value'>[],
  {
    names,
    opener,
    wrap,
  }: {
    readonly names: ReadonlyMap<string, string>
    readonly opener: TokenOpener
    readonly wrap: Pick<PseudonymWrap, 'unwrap'>
  },
): Promise<readonly string[]> {
  const ids: string[] = []
  for (const { value } of messages) {
    const record = decoder.decode(value)?.record
    const keyId = sealedUnder(record?._sealed_tokens)?.keyId
    if (record === undefined || keyId === undefined || !names.has(keyId)) continue
    await opener.prepare([record._sealed_tokens])
    const recordId = wrap.unwrap(String(record.record_id)) ?? ''
    if (opener.open(record._sealed_tokens, { feed, recordId })) ids.push(keyId)
  }
  return ids
}
