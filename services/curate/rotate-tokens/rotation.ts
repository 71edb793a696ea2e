/** Another key for which linkage tokens are sealed: made and registered first, published when all hosts of `curate` have it. */
import { basename, join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { notPublished, publishNext, readTokenKeys, tokenSeed } from '#core/custody/published-key.ts'
import {
  type SealingVersions,
  sealingKey,
  sealingStep,
  sealingVersions,
  TOKENS,
} from '#core/custody/sealing-versions.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { OrderedProducer } from '#core/kafka/producer.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import type { TokenSecrets } from '../link/token-key.ts'

export interface TokenRotation extends TokenSecrets {
  readonly kafka: Kafka
  readonly namespace: string
  readonly producer: Pick<OrderedProducer, 'send'>
}

/** What is made is in the warehouse, and what is in force in the topic. @throws ChainonError dependency-unavailable */
export async function tokenVersions({
  kafka,
  namespace,
  register,
}: Pick<TokenRotation, 'kafka' | 'namespace' | 'register'>): Promise<SealingVersions> {
  const published = await readTokenKeys(kafka, namespace)
  if (!published.at(-1)?.signer)
    throw new ChainonError(
      'dependency-unavailable',
      'no curate of this version of Chainon has started yet: it publishes what the next key is signed with',
    )
  const used = published.flatMap(({ version, retired }) => [
    sealingStep(TOKENS, version, 'in force'),
    ...(retired ? [sealingStep(TOKENS, version, 'retired')] : []),
  ])
  return sealingVersions(TOKENS, [...(await register.read()).keys(), ...used])
}

/** Nothing is sealed for it yet. @returns its version @throws as `registeredSecret`, also when the one in force is not here */
export async function prepareTokens(rotation: TokenRotation): Promise<number> {
  const { inForce, prepared, next } = await tokenVersions(rotation)
  await ownSeed(rotation, inForce)
  const version = prepared ?? next
  await tokenSeed(rotation.dir, version, rotation.register, rotation.box)
  return version
}

/** @returns the version that is in force now @throws ConfigurationError when none is prepared, or a key is not here */
export async function rotateTokens(rotation: TokenRotation): Promise<number> {
  const { kafka, producer, namespace, dir, register, box } = rotation
  const { inForce, prepared } = await tokenVersions(rotation)
  if (prepared === undefined)
    throw new ConfigurationError('The key is not rotated', [
      `${sealingKey(TOKENS, inForce)} is in force, and no other is prepared: run it with --prepare first, and copy the new file to each host of curate`,
    ])
  const before = await ownSeed(rotation, inForce)
  const seed = await tokenSeed(dir, prepared, register, box)
  await publishNext(kafka, producer, namespace, prepared, { seed, before })
  return prepared
}

/** Gives up the version that is prepared: one whose file was lost, for instance. @throws ConfigurationError when none is */
export async function giveUpTokens(rotation: TokenRotation): Promise<number> {
  const { prepared } = await tokenVersions(rotation)
  if (prepared === undefined) throw new ConfigurationError('Nothing is given up', ['no key is prepared'])
  const { register } = rotation
  const fingerprint = (await register.read()).get(sealingKey(TOKENS, prepared)) ?? ''
  await register.register(sealingStep(TOKENS, prepared, 'retired'), fingerprint)
  return prepared
}

/** The warehouse may know a key that is not the one of the topic. @throws ConfigurationError */
export async function ownSeed(
  { kafka, namespace, dir, register, box }: TokenRotation,
  version: number,
): Promise<Buffer> {
  const seed = await tokenSeed(dir, version, register, box)
  const published = (await readTokenKeys(kafka, namespace)).find((one) => one.version === version)
  if (!published?.publicKey.equals(await publicKeyOf(seed)))
    throw notPublished(sealingKey(TOKENS, version), join(dir, basename(sealingKey(TOKENS, version))))
  return seed
}
