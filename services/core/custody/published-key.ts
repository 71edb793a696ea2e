/** The public keys for linkage tokens in the topic `key.fingerprints`, of which nothing is ever changed; see token-chain.ts. */
import type { Kafka } from 'kafkajs'
import type { SecretBox } from '../crypto/secret-box.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { partitionReader } from '../kafka/partition-reader.ts'
import type { OrderedProducer } from '../kafka/producer.ts'
import { keyIdOf, publicKeyOf } from '../sealing/hpke.ts'
import { fingerprintTopic } from './kafka-register.ts'
import { type KeyRegister, registeredSecret } from './registered-secret.ts'
import { sealingKey, TOKENS } from './sealing-versions.ts'
import { firstPublication, nextPublication, type PublishedKey, publishedVersions } from './token-chain.ts'

/**
 * @param dir of the secrets of `curate`
 * @returns the seed of a version; made once, see `registeredSecret`
 */
export function tokenSeed(dir: string, version: number, register: KeyRegister, box: SecretBox): Promise<Buffer> {
  return registeredSecret(dir, sealingKey(TOKENS, version), register, box)
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
