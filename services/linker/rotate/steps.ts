/** The steps of the rotation of the keys of encodings and index: each can be done again after a kill (docs/adr/0065). */
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Kafka } from 'kafkajs'
import { secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { storeSecret } from '#core/crypto/secrets.ts'
import {
  type EncodingVersions,
  encodingKey,
  encodingStep,
  encodingVersions,
  fileOfKey,
  indexKey,
  indexRetired,
  versionBefore,
} from '#core/custody/encoding-versions.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { type KeyRegister, readOnlyRegister, registeredSecret } from '#core/custody/registered-secret.ts'
import { linkageFolder } from '#core/custody/wrap-keys.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { encodingWrap, newWrapSecret, TOKEN_KEY_BYTES } from '#core/linkage/encoding-wrap.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import { type linkerConfig, snapshotFolder } from '../config.ts'
import { indexForm, linkageForm } from '../index/index-form.ts'
import { indexName, indexSecret } from '../index/index-secret.ts'
import { indexKeys, tokenKeyOf } from '../index/keys.ts'
import { prefixOf } from '../index/stored-bytes.ts'
import { assertForm, isWhole, removeKeys } from '../index/stored-index.ts'
import { snapshotsIn } from '../snapshot/folder.ts'
import { assertStopped } from '../snapshot/rewind.ts'
import { moveSnapshotKey, readSnapshotKey } from '../snapshot/snapshot-key.ts'
import type { IndexContent } from './content.ts'
import { destroyKey } from './former-indexes.ts'
import { type MoveOptions, moveIndex } from './move-index.ts'

export interface RotationPlace {
  readonly config: ReturnType<typeof linkerConfig>
  readonly register: KeyRegister
  readonly redis: Redis
  readonly kafka: Kafka
  readonly logger: Logger
}

export interface Survey {
  readonly in_force: number
  readonly prepared: number | null
  readonly moving: boolean
  /** Of the index in force, cancelled ones included. */
  readonly records: number
  /** Versions that are not retired: their keys, and what Redis and snapshots have of them. */
  readonly former: readonly number[]
}

const NOT_ROTATED = 'The keys are not rotated'
const POLL_MS = 500
/** A linker looks each two seconds, and ends when its batch is done. */
const ENDING_MS = 20_000
/** Redis writes its file each second: what it has confirmed is on its disk afterwards. */
const ON_DISK_MS = 1500

export async function survey({ config, register, redis }: RotationPlace): Promise<Survey> {
  const versions = encodingVersions((await register.read()).keys())
  const { inForce, prepared = null, moving } = versions
  const records = Number((await redis.get(`${prefixOf(indexName(config, inForce))}n`)) ?? 0)
  return { in_force: inForce, prepared, moving, records, former: former(versions) }
}

/**
 * Makes and registers the keys of the next version, unless they are there. Nothing is under them yet.
 * @returns the version
 * @throws ConfigurationError when the key of the index in force is not here
 */
export async function prepare({ config, register }: RotationPlace): Promise<number> {
  const names = await register.read()
  const { inForce, prepared, next } = encodingVersions(names.keys())
  const version = prepared ?? next
  const { linker, shared, boxes } = await folders(config)
  const secret = await secretOf(config, inForce, names)
  if (!names.has(encodingKey(version)))
    storeSecret(shared, fileName(encodingKey(version)), newWrapSecret(tokenKeyOf(secret)), boxes.shared)
  await registeredSecret(shared, encodingKey(version), register, boxes.shared)
  await registeredSecret(linker, indexKey(version), register, boxes.linker)
  return version
}

/**
 * Moves the index to the prepared version, and registers that it is in force. Where Redis has lost the index that was moved last, that one is made again.
 * @throws ConfigurationError when no version is prepared, a key is not here, a linker goes on, or the index cannot be moved: the former one is then as it was
 */
export async function rotate(
  place: RotationPlace,
  onProgress: MoveOptions['onProgress'],
): Promise<{ readonly version: number; readonly content: IndexContent }> {
  const { config, register, redis, kafka } = place
  const names = await register.read()
  const versions = encodingVersions(names.keys())
  const version = versions.prepared ?? (await lostVersion(place, versions))
  if (!names.has(indexKey(version)))
    throw new ConfigurationError(NOT_ROTATED, [`${indexKey(version)} is not made: run it with --prepare again`])
  const { linker, shared, boxes } = await folders(config)
  const before = versionBefore(versions, version)
  const [formerSecret, secret] = [await secretOf(config, before, names), await secretOf(config, version, names)]
  const wrapSecret = await registeredSecret(shared, encodingKey(version), readOnlyRegister(names), boxes.shared)
  if (!wrapSecret.subarray(0, TOKEN_KEY_BYTES).equals(tokenKeyOf(formerSecret)))
    throw new ConfigurationError(NOT_ROTATED, [
      `${encodingKey(version)} does not begin with what ${indexKey(before)} is now: give it up (--abandon), and prepare another one`,
    ])
  const { kinds, layout, ...form } = linkageForm(config, loadContracts(config.CHAINON_FEEDS_DIR))
  const at = (of: number, key: Buffer) => {
    const keys = indexKeys(key)
    return { name: indexName(config, of), keys, form: indexForm({ ...form, keys, kinds: kinds.length }) }
  }
  const [from, to] = [at(before, formerSecret), at(version, secret)]
  await assertForm(redis, from.name, from.form)
  const fingerprint = names.get(encodingKey(version)) ?? ''
  if (versions.prepared !== undefined) await register.register(encodingStep(version, 'moving'), fingerprint)
  await stopped(kafka, config)
  // Another run of this command may have ended meanwhile: what the linker has written since is not removed.
  if (encodingVersions((await register.read()).keys()).inForce !== versions.inForce)
    throw new ConfigurationError(NOT_ROTATED, ['another run of this command has put a version in force meanwhile'])
  const content = await moveIndex({
    ...{ redis, from, to, layout, onProgress },
    wrap: encodingWrap(layout, wrapSecret),
    async beforeUse() {
      await assertStopped(kafka, groupOf(config), NOT_ROTATED)
      moveSnapshotKey(linker, formerSecret, secret)
    },
  })
  await sleep(ON_DISK_MS)
  await register.register(encodingStep(version, 'in force'), fingerprint)
  return { version, content }
}

/** Gives up the prepared version, and what a move to it has left. @throws ConfigurationError when none is prepared */
export async function abandon({ config, register, redis, logger }: RotationPlace): Promise<number> {
  const names = await register.read()
  const { prepared, inForce } = encodingVersions(names.keys())
  if (prepared === undefined) throw new ConfigurationError('Nothing is given up', ['no version is prepared'])
  const { linker, shared } = await folders(config)
  if (names.has(indexKey(prepared)) && fileOfKey(linker, indexKey(prepared)) !== undefined)
    moveSnapshotKey(linker, await secretOf(config, prepared, names), await secretOf(config, inForce, names))
  await removeKeys(redis, indexName(config, prepared), () => true)
  destroyKey(linker, indexKey(prepared), logger)
  destroyKey(shared, encodingKey(prepared), logger)
  await register.register(encodingStep(prepared, 'given up'), names.get(encodingKey(prepared)) ?? '')
  return prepared
}

/**
 * Removes former indexes and their snapshots, and destroys their keys.
 * @throws ConfigurationError when the index in force is not whole, or has no snapshot although there is a key for them
 */
export async function retire({ config, register, redis, logger }: RotationPlace): Promise<readonly number[]> {
  const names = await register.read()
  const versions = encodingVersions(names.keys())
  const { inForce, moving } = versions
  if (moving)
    throw new ConfigurationError('Nothing is retired', ['the index is moving: run the rotation to its end first'])
  const { linker } = await folders(config)
  const secret = await secretOf(config, inForce, names)
  const { kinds, layout: _, ...form } = linkageForm(config, loadContracts(config.CHAINON_FEEDS_DIR))
  const name = indexName(config, inForce)
  await assertForm(redis, name, indexForm({ ...form, keys: indexKeys(secret), kinds: kinds.length }))
  const folder = snapshotFolder(config)
  if (readSnapshotKey(linker, secret) && snapshotsIn(folder, name).length === 0)
    throw new ConfigurationError('Nothing is retired', [
      `there is no snapshot of ${name} yet, and those of before can be opened with the former key alone: start the linker, which takes one, or run \`chainon link snapshot\``,
    ])
  const gone = former(versions)
  for (const version of gone) {
    const formerName = indexName(config, version)
    await removeKeys(redis, formerName, () => true)
    for (const { path } of snapshotsIn(folder, formerName)) rmSync(path, { force: true })
    destroyKey(linker, indexKey(version), logger)
    await register.register(indexRetired(version), names.get(encodingKey(inForce)) ?? '')
  }
  return gone
}

function former({ inForce, chain, retired }: EncodingVersions): readonly number[] {
  return [1, ...chain].filter((version) => version < inForce && !retired.has(version))
}

/** @returns the version in force, where its index is gone and that of before is there */
async function lostVersion({ config, redis }: RotationPlace, versions: EncodingVersions): Promise<number> {
  const { inForce } = versions
  const before = versionBefore(versions, inForce)
  if (
    inForce > 1 &&
    !(await isWhole(redis, indexName(config, inForce))) &&
    (await isWhole(redis, indexName(config, before)))
  )
    return inForce
  throw new ConfigurationError(NOT_ROTATED, [
    `version ${inForce} is in force, and no other is prepared: run it with --prepare first, and copy the new file to each host of deidentify`,
  ])
}

async function stopped(kafka: Kafka, config: RotationPlace['config']): Promise<void> {
  const until = Date.now() + ENDING_MS + config.CHAINON_GROUP_SESSION_SECONDS * 1000
  for (;;) {
    try {
      return await assertStopped(kafka, groupOf(config), NOT_ROTATED)
    } catch (error) {
      if (!(error instanceof ConfigurationError) || Date.now() > until) throw error
      await sleep(POLL_MS)
    }
  }
}

async function secretOf(
  config: RotationPlace['config'],
  version: number,
  names: ReadonlyMap<string, string>,
): Promise<Buffer> {
  const folder = secretsDir('linker', config)
  if (fileOfKey(folder, indexKey(version)) === undefined)
    throw new ConfigurationError('A key of the linkage index is missing', [
      `${indexKey(version)} is not in ${folder}: this runs where the linker runs`,
    ])
  return indexSecret(folder, config, version, names)
}

async function folders(config: RotationPlace['config']) {
  const [linker, shared] = [secretsDir('linker', config), linkageFolder(config)]
  return {
    linker,
    shared,
    boxes: { linker: await openSecretBox(config, linker), shared: await openSecretBox(config, shared) },
  }
}

const groupOf = (config: RotationPlace['config']) => `${config.CHAINON_NAMESPACE}linker`
const fileName = (key: string) => key.slice(key.lastIndexOf('/') + 1)
