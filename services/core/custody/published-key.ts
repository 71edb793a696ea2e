/** The public keys for linkage tokens in the topic `key.fingerprints`, of which nothing is ever changed; see token-chain.ts. */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Kafka } from 'kafkajs'
import type { SecretBox } from '../crypto/secret-box.ts'
import { loadSecret } from '../crypto/secrets.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { partitionReader } from '../kafka/partition-reader.ts'
import type { OrderedProducer } from '../kafka/producer.ts'
import { keyIdOf, publicKeyOf } from '../sealing/hpke.ts'
import type { Logger } from '../telemetry/logger.ts'
import { destroyRetiredFiles } from './destroy-retired.ts'
import { fingerprintTopic } from './kafka-register.ts'
import { type KeyRegister, registeredSecret } from './registered-secret.ts'
import { sealingKey, TOKENS } from './sealing-versions.ts'
import { firstPublication, nextPublication, type PublishedKey, publishedVersions, retirement } from './token-chain.ts'

/**
 * @param dir of the secrets of `curate`
 * @returns the seed of a version; made once, see `registeredSecret`
 */
export function tokenSeed(dir: string, version: number, register: KeyRegister, box: SecretBox): Promise<Buffer> {
  return registeredSecret(dir, sealingKey(TOKENS, version), register, box)
}

/**
 * For who opens tokens where the register of `curate` is not reached: each is compared with what is published.
 *
 * @param dir with copies of the secrets of `curate`; none is made
 * @param boxOf how they stand in their files; not called when there is none
 * @returns by version the seeds that are there, of versions that are not retired
 * @throws ConfigurationError when one is another than the published one, or is not safe
 */
export async function heldTokenSeeds(
  dir: string,
  boxOf: () => Promise<SecretBox>,
  published: readonly PublishedKey[],
): Promise<ReadonlyMap<number, Buffer>> {
  const seeds = new Map<number, Buffer>()
  for (const { version, publicKey, retired } of published) {
    const file = basename(sealingKey(TOKENS, version))
    if (retired || !existsSync(join(dir, file))) continue
    const seed = loadSecret(dir, file, await boxOf())
    if (!seed) continue
    if (!(await publicKeyOf(seed)).equals(publicKey)) throw notPublished(sealingKey(TOKENS, version), join(dir, file))
    seeds.set(version, seed)
  }
  return seeds
}

/** @returns an error about a key that is not the one of this installation */
export function notPublished(name: string, path: string): ConfigurationError {
  return new ConfigurationError(`The key ${name} is not the one that was published`, [
    `${path} is the key of another public key: restore it from its backup`,
  ])
}

const FIRST = sealingKey(TOKENS, 1)

/** @returns the versions that are published, from the first on @throws ChainonError dependency-unavailable */
export async function readTokenKeys(kafka: Kafka, namespace: string): Promise<readonly PublishedKey[]> {
  const reader = partitionReader(kafka)
  try {
    return publishedVersions(namespace, await reader.all(fingerprintTopic(namespace), 0))
  } finally {
    await reader.close()
  }
}

/**
 * For who seals.
 * @returns the last version and its public key, 32 bytes
 * @throws ChainonError dependency-unavailable while `curate` has published none
 */
export async function tokenKeyInForce(kafka: Kafka, namespace: string): Promise<PublishedKey> {
  const last = (await readTokenKeys(kafka, namespace)).at(-1)
  if (!last) throw new ChainonError('dependency-unavailable', `the public half of ${FIRST} is not published yet`)
  return last
}

/**
 * Publishes the first version once, and what is missing of it.
 * @throws ConfigurationError when another one was published before; ChainonError dependency-unavailable
 */
export async function publishFirst(
  kafka: Kafka,
  producer: Pick<OrderedProducer, 'send'>,
  namespace: string,
  seed: Buffer,
): Promise<void> {
  const [own, signer] = await firstPublication(seed)
  const before = (await readTokenKeys(kafka, namespace))[0]
  const isOwn = before === undefined || before.publicKey.toString('hex') === own?.value
  const missing = [before ? undefined : own, before?.signer || !isOwn ? undefined : signer].filter(
    (one) => one !== undefined,
  )
  if (missing.length > 0) await producer.send({ topic: fingerprintTopic(namespace), acks: -1, messages: missing })
  const [agreed] = await readTokenKeys(kafka, namespace)
  for (const [name, mine, found] of [
    ['public half', own?.value, agreed?.publicKey],
    ['signer', signer?.value, agreed?.signer],
  ] as const)
    if (mine !== found?.toString('hex'))
      throw new ConfigurationError(`The key ${FIRST} is not the one that was published`, [
        `its ${name} has the id ${keyIdOf(Buffer.from(mine ?? '', 'hex'))}, and ${found ? keyIdOf(found) : 'none'} was published first: restore the key from its backup; if nobody of this installation has published that one, somebody else writes to ${fingerprintTopic(namespace)}`,
      ])
}

/**
 * Publishes the version that follows those in the topic: from then on tokens are sealed for it.
 * @param seeds of the new version, and of the one before
 * @throws ConfigurationError when another one was published; ChainonError dependency-unavailable
 */
export async function publishNext(
  kafka: Kafka,
  producer: Pick<OrderedProducer, 'send'>,
  namespace: string,
  version: number,
  seeds: { readonly seed: Buffer; readonly before: Buffer },
): Promise<void> {
  const message = await nextPublication(namespace, version, seeds.seed, seeds.before)
  await producer.send({ topic: fingerprintTopic(namespace), acks: -1, messages: [message] })
  const agreed = (await readTokenKeys(kafka, namespace)).find((one) => one.version === version)
  if (!agreed?.publicKey.equals(await publicKeyOf(seeds.seed)))
    throw new ConfigurationError(`The key ${sealingKey(TOKENS, version)} is not published`, [
      `another key, or none, is version ${version} in ${fingerprintTopic(namespace)}: it was signed with the secret of the version before, which somebody else then has`,
    ])
}

/**
 * Publishes that nothing is sealed for former versions any more.
 * @param inForce the seed of the version in force
 * @throws ChainonError dependency-unavailable
 */
export async function publishRetired(
  producer: Pick<OrderedProducer, 'send'>,
  namespace: string,
  versions: readonly number[],
  inForce: Buffer,
): Promise<void> {
  const messages = versions.map((version) => retirement(namespace, version, inForce))
  if (messages.length > 0) await producer.send({ topic: fingerprintTopic(namespace), acks: -1, messages })
}

/** Destroys what this host has of retired versions; see `destroyRetiredFiles`. @returns their names */
export function destroyRetiredTokenKeys(
  dir: string,
  published: readonly PublishedKey[],
  logger: Logger,
): readonly string[] {
  const names = published.filter(({ retired }) => retired).map(({ version }) => sealingKey(TOKENS, version))
  return destroyRetiredFiles(dir, names, logger)
}
