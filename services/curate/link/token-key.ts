import type { Kafka } from 'kafkajs'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { publishKey, TOKEN_KEY, tokenSeed } from '#core/custody/published-key.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { type TokenOpener, tokenOpener } from '#core/sealing/tokens.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Reach } from '#core/worker/state.ts'

/**
 * Makes the key of the sealed tokens at the first start, and publishes its public half, which `deidentify` waits for.
 * @param dir of the secrets of `curate`
 * @throws ConfigurationError when the key is not the one of this installation
 */
export async function openTokens(
  kafka: Kafka,
  namespace: string,
  dir: string,
  {
    register,
    box,
    reach,
    logger,
  }: { readonly register: KeyRegister; readonly box: SecretBox; readonly reach: Reach; readonly logger: Logger },
): Promise<TokenOpener> {
  const seed = await reach('ClickHouse', () => tokenSeed(dir, register, box))
  const publicKey = await publicKeyOf(seed)
  const producer = orderedProducer(kafka, logger)
  try {
    await reach('Kafka', () => publishKey(kafka, producer, namespace, TOKEN_KEY, publicKey))
  } finally {
    await producer.disconnect()
  }
  return tokenOpener(seed)
}
