/** The register of keys in the topic `key.fingerprints`, for services that reach no warehouse: the first message of a name counts. */
import type { Kafka } from 'kafkajs'
import { partitionReader } from '../kafka/partition-reader.ts'
import type { OrderedProducer } from '../kafka/producer.ts'
import type { KeyRegister } from './registered-secret.ts'
import type { Written } from './token-chain.ts'

export function fingerprintTopic(namespace: string): string {
  return `${namespace}key.fingerprints`
}

/** Of the routing key of the gateways, which neither write nor read the other one: a gateway that is taken over must not stop a worker. */
export function routingTopic(namespace: string): string {
  return `${namespace}routing.fingerprints`
}

const FINGERPRINT = /^[0-9a-f]{16}$/

export function kafkaRegister(
  kafka: Kafka,
  producer: Pick<OrderedProducer, 'send'>,
  namespace: string,
  topic = fingerprintTopic(namespace),
): KeyRegister {
  return {
    read: () => readFingerprints(kafka, namespace, topic),
    register: (name, fingerprint) => producer.send({ topic, acks: -1, messages: [{ key: name, value: fingerprint }] }),
  }
}

/** @returns name to fingerprint @throws ChainonError dependency-unavailable */
export async function readFingerprints(
  kafka: Kafka,
  namespace: string,
  topic = fingerprintTopic(namespace),
): Promise<ReadonlyMap<string, string>> {
  const reader = partitionReader(kafka)
  try {
    return fingerprintsOf(await reader.all(topic, 0))
  } finally {
    await reader.close()
  }
}

/** Pure. @param messages of the topic, in their order @returns name to fingerprint */
export function fingerprintsOf(messages: readonly Written[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { key, value } of messages) {
    const [name, fingerprint] = [String(key), String(value)]
    if (FINGERPRINT.test(fingerprint) && !found.has(name)) found.set(name, fingerprint)
  }
  return found
}
