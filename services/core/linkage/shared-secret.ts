/**
 * The secrets under which `deidentify` seals for the linker, who opens: a folder of its own, because two services have it. `deidentify` makes and
 * registers them; on another host the linker needs copies. A key provider seals the copies of each host, or those that both use when they have the same key.
 */
import type { Config } from '../config/read.ts'
import { destroyRetiredFiles } from '../custody/destroy-retired.ts'
import { openSecretBox, type ProviderConfig } from '../custody/key-provider.ts'
import { type KeyRegister, readOnlyRegister, registeredSecret } from '../custody/registered-secret.ts'
import { sealingKey, sealingStep, sealingVersions, TRANSPORT } from '../custody/sealing-versions.ts'
import { linkageFolder } from '../custody/wrap-keys.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'
import type { Logger } from '../telemetry/logger.ts'

type Settings = ProviderConfig & Config<'CHAINON_LINKAGE_SECRETS_DIR' | 'CHAINON_DATA_DIR'>

const keyOf = (version: number) => sealingKey(TRANSPORT, version)
const versionsOf = (names: ReadonlyMap<string, string>) => sealingVersions(TRANSPORT, names.keys())

type Opener = (version: number, register: KeyRegister) => Promise<Buffer>

async function openerOf(config: Settings): Promise<Opener> {
  const folder = linkageFolder(config)
  const box = await openSecretBox(config, folder)
  return (version, register) => registeredSecret(folder, keyOf(version), register, box)
}

/** For `deidentify`: the one in force. @throws as `registeredSecret` and `openSecretBox` */
export async function ownTransportSecret(
  config: Settings,
  register: KeyRegister,
): Promise<{ readonly version: number; readonly secret: Buffer }> {
  const { inForce } = versionsOf(await register.read())
  const secret = await (await openerOf(config))(inForce, register)
  return { version: inForce, secret }
}

/**
 * For the linker, which makes none.
 * @returns by version all that may have to be opened
 * @throws ConfigurationError when this host has no copy or another one; ChainonError dependency-unavailable before `deidentify` has made the first
 */
export async function sharedTransportSecrets(
  config: Settings,
  register: Pick<KeyRegister, 'read'>,
): Promise<ReadonlyMap<number, Buffer>> {
  const known = await register.read()
  if (!known.has(keyOf(1)))
    throw new ChainonError('dependency-unavailable', `deidentify has not made the key ${keyOf(1)} yet`)
  const open = await openerOf(config)
  const secrets = new Map<number, Buffer>()
  for (const version of versionsOf(known).opening) secrets.set(version, await open(version, readOnlyRegister(known)))
  return secrets
}

/**
 * Makes and registers the version that is used next, unless there is one already. Nothing is sealed under it yet.
 * @throws as `registeredSecret`, also when the one in force is not here
 */
export async function prepareTransport(config: Settings, register: KeyRegister): Promise<number> {
  await ownTransportSecret(config, register)
  const { prepared, next } = versionsOf(await register.read())
  const version = prepared ?? next
  await (await openerOf(config))(version, register)
  return version
}

/**
 * Registers that the prepared version is in force: each `deidentify` that runs ends by itself, and begins again under it.
 * @throws ConfigurationError when none is prepared, or it is not here
 */
export async function usePrepared(config: Settings, register: KeyRegister): Promise<number> {
  const { prepared, inForce } = versionsOf(await register.read())
  if (prepared === undefined)
    throw new ConfigurationError('The key is not rotated', [
      `${keyOf(inForce)} is in force, and no other is prepared: run it with --prepare first, and copy the new file to each host of deidentify and of the linker`,
    ])
  await (await openerOf(config))(prepared, register)
  const fingerprint = (await register.read()).get(keyOf(prepared)) ?? ''
  await register.register(sealingStep(TRANSPORT, prepared, 'in force'), fingerprint)
  return prepared
}

/** Gives up the version that is prepared: one whose file was lost, for instance. @throws ConfigurationError when none is */
export async function giveUpPrepared(register: KeyRegister): Promise<number> {
  const known = await register.read()
  const { prepared } = versionsOf(known)
  if (prepared === undefined) throw new ConfigurationError('Nothing is given up', ['no key is prepared'])
  await register.register(sealingStep(TRANSPORT, prepared, 'retired'), known.get(keyOf(prepared)) ?? '')
  return prepared
}

/** Registers that former versions open nothing that exists. @returns those that were not retired before */
export async function retireFormer(register: KeyRegister): Promise<readonly number[]> {
  const known = await register.read()
  const { opening, inForce } = versionsOf(known)
  const former = opening.filter((version) => version < inForce)
  for (const version of former)
    await register.register(sealingStep(TRANSPORT, version, 'retired'), known.get(keyOf(version)) ?? '')
  return former
}

/** Destroys what this host has of retired versions; see `destroyRetiredFiles`. @returns their names */
export async function destroyRetired(
  config: Settings,
  register: Pick<KeyRegister, 'read'>,
  logger: Logger,
): Promise<readonly string[]> {
  return destroyRetiredFiles(linkageFolder(config), versionsOf(await register.read()).retired.map(keyOf), logger)
}
