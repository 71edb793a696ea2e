/**
 * Moves the kept logs to another version of the key that wraps first-level pseudonyms. Read `rotate` from top to bottom: it is the order of the steps.
 *   1. the new key is made, and is on each host (`prepare`, a command of its own); the keys that open linkage tokens are here
 *   2. it comes into force: deidentify and the linker end by themselves and wait; curate begins again with it, and goes on
 *   3. topic by topic the log is written anew, its tokens are sealed again, both are compared, and what was replaced is deleted
 *   4. `rewritten` is registered: deidentify and the linker go on, under the new version
 * Stored second-level pseudonyms do not change: `curate` unwraps what it reads. So a log of which a part is written anew is right at each moment, and the command may be
 * killed at any point: the next one goes on where it was.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin, Kafka } from 'kafkajs'
import { type KeyRegister, registeredSecret } from '#core/custody/registered-secret.ts'
import { destroyRetiredWraps, openWrap, type WrapPlace } from '#core/custody/wrap-keys.ts'
import { type WrapVersions, wrapKey, wrapStep, wrapVersions } from '#core/custody/wrap-versions.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { membersOf } from '#core/kafka/offsets.ts'
import type { PartitionReader } from '#core/kafka/partition-reader.ts'
import type { OrderedProducer } from '#core/kafka/producer.ts'
import type { Logger } from '#core/telemetry/logger.ts'
import type { LogForm } from './log-form.ts'
import { type RewriteDependencies, type RewrittenTopic, refused, rewriteTopic } from './rewrite.ts'
import { storedUnder } from './stored.ts'
import { tokenChange } from './token-change.ts'
import { assertOpensTokens, type HeldTokenKeys, missingKeys, type TokenCount, tokenCounts } from './token-keys.ts'

export interface FirstLevelRotation {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly producer: Pick<OrderedProducer, 'send'>
  readonly reader: Pick<PartitionReader, 'first' | 'last'>
  readonly register: KeyRegister
  readonly namespace: string
  /** The folder of linkage secrets of this host. */
  readonly place: WrapPlace
  /** The keys of linkage tokens that this host has. @throws ConfigurationError when one is another than the published one */
  readonly tokenKeys: () => Promise<HeldTokenKeys>
  /** The kept logs with first-level pseudonyms. */
  readonly forms: readonly LogForm[]
  readonly onStep: RewriteDependencies['onStep']
  readonly logger: Logger
}

export interface Survey {
  readonly inForce: number
  readonly prepared: number | null
  /** The log is being written anew, or that was begun. */
  readonly rewriting: boolean
  /** How many messages have pseudonyms or tokens of a version, by its number. */
  readonly messages: Readonly<Record<string, number>>
  /** How many messages have linkage tokens, which a rotation seals again, by what they are sealed under. */
  readonly tokens: readonly TokenCount[]
  /** What a rotation needs to open them, and does not have. */
  readonly missing: readonly string[]
  /** Processes of deidentify and of the linker that end by themselves when it begins, and of curate, which begin again. */
  readonly processes: Readonly<Record<'deidentify' | 'linker' | 'curate', number>>
}

export interface Rotated {
  readonly version: number
  readonly topics: readonly RewrittenTopic[]
}

/** Read only. @throws ChainonError key-rotation-refused when a field that no contract names has pseudonyms */
export async function survey(rotation: FirstLevelRotation): Promise<Survey> {
  const { admin, namespace } = rotation
  const { inForce, prepared = null, rewriting } = await versionsOf(rotation)
  const held = await rotation.tokenKeys()
  const stored = await storedUnder(rotation)
  const members = (group: string) => membersOf(admin, `${namespace}${group}`)
  const processes = {
    deidentify: await members('deidentify'),
    linker: await members('linker'),
    curate: await members('curate'),
  }
  const messages = Object.fromEntries([...stored.versions].toSorted(([a], [b]) => a - b))
  const tokens = tokenCounts(held, stored.tokens)
  return { inForce, prepared, rewriting, messages, tokens, missing: missingKeys(held, stored.tokens), processes }
}

/** @returns the version that is used next; made and registered unless there is one already. Nothing is wrapped under it yet. */
export async function prepare(rotation: FirstLevelRotation): Promise<number> {
  const { register, place } = rotation
  const { rewriting, inForce, prepared, next } = await versionsOf(rotation)
  if (rewriting) throw refused(`the log moves to version ${inForce} already: start the rotation again, it goes on`)
  // Without the key in force nothing can be written anew.
  await openWrap(place, await register.read())
  const version = prepared ?? next
  await registeredSecret(place.folder, wrapKey(version), register, place.box)
  return version
}

/** @throws ConfigurationError when none is prepared, or a key is not here, and then nothing has changed; ChainonError key-rotation-refused: start it again, it goes on */
export async function rotate(rotation: FirstLevelRotation): Promise<Rotated> {
  const { register, place, forms, onStep } = rotation
  const held = await rotation.tokenKeys()
  assertOpensTokens(held, [])
  if (!(await versionsOf(rotation)).rewriting) await bringIntoForce(rotation, held)
  const { inForce: version } = await versionsOf(rotation)
  const names = await register.read()
  const opened = await openWrap(place, names)
  const tokens = await tokenChange(opened.tokens, held.published, held.seeds)
  await nobodyWrites(rotation)
  const topics: RewrittenTopic[] = []
  for (const form of forms) {
    const rewritten = await rewriteTopic({ ...rotation, wrap: opened.wrap, tokens, sleep }, form)
    if (rewritten.messages > 0) topics.push(rewritten)
  }
  onStep('the log is written anew: deidentify and the linker go on')
  await register.register(wrapStep(version, 'rewritten'), names.get(wrapKey(version)) ?? '')
  return { version, topics }
}

/** Nothing is changed before everything that is needed was found here. */
async function bringIntoForce(rotation: FirstLevelRotation, held: HeldTokenKeys): Promise<void> {
  const { register, place } = rotation
  const { prepared, inForce } = await versionsOf(rotation)
  if (prepared === undefined)
    throw new ConfigurationError('The key is not rotated', [
      `version ${inForce} is in force, and no other is prepared: run it with --prepare first, and copy the new file to each host of deidentify, of the linker and of curate`,
    ])
  await openWrap(place, await register.read())
  await registeredSecret(place.folder, wrapKey(prepared), register, place.box)
  assertOpensTokens(held, (await storedUnder(rotation)).tokens)
  const fingerprint = (await register.read()).get(wrapKey(prepared)) ?? ''
  await register.register(wrapStep(prepared, 'in force'), fingerprint)
}

/** Gives up the version that is prepared: one whose file was lost, for instance. @returns it @throws ConfigurationError when none is; ChainonError key-rotation-refused */
export async function abandon(rotation: FirstLevelRotation): Promise<number> {
  const { register, place, logger } = rotation
  const names = await register.read()
  const { rewriting, inForce, prepared } = wrapVersions(names.keys())
  if (rewriting)
    throw refused(
      `messages are wrapped under version ${inForce} already: start the rotation again, it goes on; restore ${wrapKey(inForce)} from its shares when it is lost`,
    )
  if (prepared === undefined) throw new ConfigurationError('Nothing is given up', ['no key is prepared'])
  await register.register(wrapStep(prepared, 'retired'), names.get(wrapKey(prepared)) ?? '')
  destroyRetiredWraps(place.folder, await register.read(), logger)
  return prepared
}

export interface Retired {
  readonly inForce: number
  /** Versions that are retired now. */
  readonly retired: readonly number[]
  /** Files that were destroyed on this host. */
  readonly destroyed: readonly string[]
}

/** Destroys former keys, after a look at every message. @throws ChainonError key-rotation-refused when a message is of another version */
export async function retire(rotation: FirstLevelRotation): Promise<Retired> {
  const { register, place, logger } = rotation
  const names = await register.read()
  const { inForce, opening, rewriting } = wrapVersions(names.keys())
  if (rewriting) throw refused(`the log moves to version ${inForce}: end the rotation first`)
  await openWrap(place, names)
  const others = [...(await storedUnder(rotation)).versions].filter(([version]) => version !== inForce)
  if (others.length > 0)
    throw refused(
      `${others.map(([version, messages]) => `${messages} messages have pseudonyms or tokens of version ${version}`).join(', ')}: rotate to a new version, which writes them anew, too`,
    )
  const retired = opening.filter((version) => version > 1 && version < inForce)
  for (const version of retired)
    await register.register(wrapStep(version, 'retired'), names.get(wrapKey(version)) ?? '')
  const destroyed = destroyRetiredWraps(place.folder, await register.read(), logger)
  return { inForce, retired, destroyed }
}

async function versionsOf({ register }: Pick<FirstLevelRotation, 'register'>): Promise<WrapVersions> {
  return wrapVersions((await register.read()).keys())
}

const LOOK_AGAIN_MS = 500
/** A process that was killed is a member until its session ends. */
const BUDGET_MS = 180_000
/** A linker that is no member yet may have begun before: it looks at the register within 2 s. */
const LATE_MS = 3_000

/** What writes all the same is found when the log is compared. */
async function nobodyWrites({ admin, namespace, onStep }: FirstLevelRotation): Promise<void> {
  const until = Date.now() + BUDGET_MS
  const early = Date.now() + LATE_MS
  for (const group of ['deidentify', 'linker']) {
    for (;;) {
      const members = await membersOf(admin, `${namespace}${group}`)
      if (members === 0) break
      onStep(`waiting for ${members} ${members === 1 ? 'process' : 'processes'} of ${group} to end`)
      if (Date.now() > until)
        throw refused(`the consumer group ${namespace}${group} still has ${members} members: stop it on every host`)
      await sleep(LOOK_AGAIN_MS)
    }
  }
  await sleep(Math.max(0, early - Date.now()))
}
