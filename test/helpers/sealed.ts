/** Opens what the gateway has sealed, for a test: with a key of the test, or with the secrets of deidentify. */
import { createSecretKey } from 'node:crypto'
import { join } from 'node:path'
import { REGISTRY_KEYS } from '#core/avro/ask-registry.ts'
import { avroRegistry } from '#core/avro/registry.ts'
import { readConfig } from '#core/config/read.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { announce, type PublicDayKey } from '#core/sealing/announcements.ts'
import { dayOf } from '#core/sealing/day.ts'
import { openDayKeys } from '#core/sealing/day-keys.ts'
import { fileOf, openBox, SEALED_SCHEMA, type SealedPlace, type SealedRecord } from '#core/sealing/envelope.ts'
import { keyIdOf, publicKeyOf, unwrapDataKey } from '#core/sealing/hpke.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { type ReadMessage, testKafka } from './kafka.ts'

const SEED = Buffer.alloc(32, 5)
const dataKeys = new Map<string, Promise<Buffer | undefined>>()

/** @returns the same key for every day */
export async function testDayKey(day: number): Promise<PublicDayKey> {
  const publicKey = await publicKeyOf(SEED)
  return { day, id: keyIdOf(publicKey), publicKey }
}

/** @param seed by default that of `testDayKey` @throws Error when it cannot be opened */
export async function openTestSeal(record: SealedRecord, place: SealedPlace, seed: Buffer = SEED): Promise<Buffer> {
  const name = `${seed.toString('hex')} ${record.wrapped.toString('hex')}`
  const unwrapped = dataKeys.get(name) ?? unwrapDataKey(seed, record.wrapped)
  dataKeys.set(name, unwrapped)
  const dataKey = await unwrapped
  const file = fileOf(record)
  const value = dataKey && openBox(createSecretKey(dataKey), record, { ...place, ...(file && { file }) })
  if (!value) throw new Error('a sealed record cannot be opened')
  return value
}

async function dayKeysOf(env: Readonly<Record<string, string>>) {
  const secrets = join(env.CHAINON_SECRETS_DIR ?? join(env.CHAINON_DATA_DIR ?? '', 'secrets'), 'deidentify')
  const { CHAINON_KEY_PROVIDER, CHAINON_SECRETS_KEY } = env
  const box = await openSecretBox(
    readConfig('test', PROVIDER_KEYS, { CHAINON_KEY_PROVIDER, CHAINON_SECRETS_KEY }),
    secrets,
  )
  return openDayKeys(join(secrets, 'sealing'), dayOf(Date.now()), true, box)
}

/** For a gateway without a deidentify: what that would announce. */
export async function announceDayKeys(env: Readonly<Record<string, string>>, namespace: string): Promise<void> {
  const keys = await dayKeysOf(env)
  const producer = orderedProducer(testKafka(env), createLogger('test', 'fatal'))
  await announce(producer, namespace, await keys.live(), keys.authority)
  await producer.disconnect()
}

/**
 * @param messages of identified topics
 * @returns the framed Avro record of each; null for a message that is not sealed, or cannot be opened
 */
export async function openSealed(
  env: Readonly<Record<string, string>>,
  messages: readonly Pick<ReadMessage, 'topic' | 'key' | 'value'>[],
): Promise<readonly (Buffer | null)[]> {
  const decoder = avroRegistry(readConfig('test', REGISTRY_KEYS, env)).decoder([SEALED_SCHEMA])
  await decoder.prepare(messages.map(({ value }) => value))
  const keys = await (await dayKeysOf(env)).live()
  const seeds = new Map(keys.map(({ id, seed }) => [id, seed]))
  return Promise.all(
    messages.map(async ({ topic, key, value }) => {
      const record = decoder.decode(value)?.record as SealedRecord | undefined
      const seed = record && seeds.get(record.key_id.toString('hex'))
      if (!seed) return null
      return openTestSeal(record, { topic, key: key?.toString() ?? '' }, seed).catch(() => null)
    }),
  )
}
