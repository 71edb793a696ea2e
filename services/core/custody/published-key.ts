/** Public keys in the topic `key.fingerprints`: the first of a name counts, so that nobody replaces one later. */
import type { Kafka } from 'kafkajs'
import type { SecretBox } from '../crypto/secret-box.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import { partitionReader } from '../kafka/partition-reader.ts'
import type { OrderedProducer } from '../kafka/producer.ts'
import { keyIdOf } from '../sealing/hpke.ts'
import { fingerprintTopic } from './kafka-register.ts'
import { type KeyRegister, registeredSecret } from './registered-secret.ts'

/** The key for which linkage tokens are sealed; its file, and the name under which its public half is published. */
export const TOKEN_KEY = 'curate/linkage-tokens.key'

/**
 * @param dir of the secrets of `curate`
 * @returns the seed of the key for which linkage tokens are sealed; made once, see `registeredSecret`
 */
export function tokenSeed(dir: string, register: KeyRegister, box: SecretBox): Promise<Buffer> {
  return registeredSecret(dir, TOKEN_KEY, register, box)
}

const PUBLIC_KEY = /^[0-9a-f]{64}$/
const nameOf = (key: string) => `${key} public`

/**
 * @param key `<service>/<file>` of the secret half
 * @returns its public half, 32 bytes
 * @throws ChainonError dependency-unavailable while its owner has not published it
 */
export async function publishedKey(kafka: Kafka, namespace: string, key: string): Promise<Buffer> {
  const found = await firstOf(kafka, namespace, key)
  if (!found) throw new ChainonError('dependency-unavailable', `the public half of ${key} is not published yet`)
  return found
}

/**
 * Publishes a key once.
 * @throws ConfigurationError when another one was published before; ChainonError dependency-unavailable
 */
export async function publishKey(
  kafka: Kafka,
  producer: Pick<OrderedProducer, 'send'>,
  namespace: string,
  key: string,
  publicKey: Buffer,
): Promise<void> {
  if (!(await firstOf(kafka, namespace, key))) {
    const messages = [{ key: nameOf(key), value: publicKey.toString('hex') }]
    await producer.send({ topic: fingerprintTopic(namespace), acks: -1, messages })
  }
  const agreed = await publishedKey(kafka, namespace, key)
  if (!agreed.equals(publicKey))
    throw new ConfigurationError(`The key ${key} is not the one that was published`, [
      `its public half has the id ${keyIdOf(publicKey)}, and ${keyIdOf(agreed)} was published first: restore the key from its backup; if nobody of this installation has published that one, somebody else writes to ${fingerprintTopic(namespace)}`,
    ])
}

async function firstOf(kafka: Kafka, namespace: string, key: string): Promise<Buffer | undefined> {
  const reader = partitionReader(kafka)
  try {
    const all = await reader.all(fingerprintTopic(namespace), 0)
    const own = all.find((message) => String(message.key) === nameOf(key) && PUBLIC_KEY.test(String(message.value)))
    return own && Buffer.from(String(own.value), 'hex')
  } finally {
    await reader.close()
  }
}
