import type { Kafka } from 'kafkajs'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import type { TokenWrap } from '#core/crypto/token-wrap.ts'
import { destroyRetiredTokenKeys, publishFirst, readTokenKeys, tokenSeed } from '#core/custody/published-key.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import type { PublishedKey } from '#core/custody/token-chain.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
import { keyIdOf } from '#core/sealing/hpke.ts'
import { type TokenOpener, tokenOpener } from '#core/sealing/tokens.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { Reach } from '#core/worker/state.ts'

export interface TokenSecrets {
  /** Of the secrets of `curate`. */
  readonly dir: string
  readonly register: KeyRegister
  readonly box: SecretBox
}

/**
 * Opens tokens of all versions of the key that are not retired: those of before stay in the kept log. A version that is published while this process runs is taken up when
 * the first tokens that are sealed for it come.
 *
 * @param wrap of the tokens
 * @throws ConfigurationError when this host lacks the secret of a published version, or has another one; ChainonError dependency-unavailable
 */
export async function openAllTokens(
  kafka: Kafka,
  namespace: string,
  { dir, register, box }: TokenSecrets,
  wrap: TokenWrap,
): Promise<TokenOpener> {
  const seedsOf = async (published: readonly PublishedKey[]) => {
    const versions = published.filter(({ retired }) => !retired).map(({ version }) => version)
    const opened: Buffer[] = []
    for (const version of published.length === 0 ? [1] : versions)
      opened.push(await tokenSeed(dir, version, register, box))
    return opened
  }
  const published = await readTokenKeys(kafka, namespace)
  const retired = published.filter((one) => one.retired).map(({ publicKey }) => keyIdOf(publicKey))
  const look = async () => seedsOf(await readTokenKeys(kafka, namespace))
  return tokenOpener(await seedsOf(published), { wrap, look, retired })
}

/**
 * Makes the key of the sealed tokens at the first start, and publishes its public half, which `deidentify` waits for. Destroys what is retired.
 * @param wrap of the tokens
 * @throws ConfigurationError when a key is not the one of this installation
 */
export async function openTokens(
  kafka: Kafka,
  namespace: string,
  secrets: TokenSecrets,
  { wrap, reach, logger }: { readonly wrap: TokenWrap; readonly reach: Reach; readonly logger: Logger },
): Promise<TokenOpener> {
  const { dir, register, box } = secrets
  const published = await reach('Kafka', () => readTokenKeys(kafka, namespace))
  if (!published[0]?.retired) {
    const seed = await reach('ClickHouse', () => tokenSeed(dir, 1, register, box))
    const producer = orderedProducer(kafka, logger)
    try {
      await reach('Kafka', () => publishFirst(kafka, producer, namespace, seed))
    } finally {
      await producer.disconnect()
    }
  }
  const opener = await reach('Kafka', () => openAllTokens(kafka, namespace, secrets, wrap))
  destroyRetiredTokenKeys(dir, published, logger)
  return opener
}
