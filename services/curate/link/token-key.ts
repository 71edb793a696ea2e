import type { Kafka } from 'kafkajs'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { publishFirst, readTokenKeys, tokenSeed } from '#core/custody/published-key.ts'
import type { KeyRegister } from '#core/custody/registered-secret.ts'
import { orderedProducer } from '#core/kafka/producer.ts'
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
 * Opens tokens of all versions of the key: those of before stay in the kept log. A version that is published while this process runs is taken up when the
 * first tokens that are sealed for it come.
 *
 * @throws ConfigurationError when this host lacks the secret of a published version, or has another one; ChainonError dependency-unavailable
 */
export async function openAllTokens(
  kafka: Kafka,
  namespace: string,
  { dir, register, box }: TokenSecrets,
): Promise<TokenOpener> {
  const seeds = async () => {
    const published = (await readTokenKeys(kafka, namespace)).map(({ version }) => version)
    const opened: Buffer[] = []
    for (const version of new Set([1, ...published])) opened.push(await tokenSeed(dir, version, register, box))
    return opened
  }
  return tokenOpener(await seeds(), seeds)
}

/**
 * Makes the key of the sealed tokens at the first start, and publishes its public half, which `deidentify` waits for.
 * @throws ConfigurationError when a key is not the one of this installation
 */
export async function openTokens(
  kafka: Kafka,
  namespace: string,
  secrets: TokenSecrets,
  { reach, logger }: { readonly reach: Reach; readonly logger: Logger },
): Promise<TokenOpener> {
  const { dir, register, box } = secrets
  const seed = await reach('ClickHouse', () => tokenSeed(dir, 1, register, box))
  const producer = orderedProducer(kafka, logger)
  try {
    await reach('Kafka', () => publishFirst(kafka, producer, namespace, seed))
  } finally {
    await producer.disconnect()
  }
  return await reach('Kafka', () => openAllTokens(kafka, namespace, secrets))
}
