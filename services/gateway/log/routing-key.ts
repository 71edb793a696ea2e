/**
 * The routing key: made by the first gateway of an installation, and the same file on each. Its fingerprint stands in the topic `routing.fingerprints`, which
 * the gateways alone read and write; the last version of it is in force, and only a command adds one (docs/adr/0071-routing-key-is-registered.md).
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { loadOrCreateSecret, loadSecret, replaceSecret } from '#core/crypto/secrets.ts'
import { fingerprintOf, type Kept, type KeyRegister, registered } from '#core/custody/registered-secret.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

export interface RoutingKey {
  /** 32 bytes. */
  readonly secret: Buffer
  /**
   * Registers it where no key is.
   *
   * @throws ConfigurationError when it is not the one in force; ChainonError dependency-unavailable
   */
  compare(): Promise<void>
}

export interface RoutingKeyOptions {
  /** Secrets of the gateway. */
  readonly dir: string
  readonly box: SecretBox
  readonly register: KeyRegister
  /** Whether a topic of identified records has, or had, a message. */
  readonly hasRecords: () => Promise<boolean>
}

/** The file, in the folder of the gateway's secrets. */
export const ROUTING_KEY = 'routing.key'
const NAME = `gateway/${ROUTING_KEY}`
const VERSION = /^gateway\/routing\.key version (\d+)$/
const HARM =
  'With another key patients change their partition, and a request that is repeated is not recognised. If no gateway and no backup has it any more, run `chainon keys rotate-routing` on one gateway, and copy the file to the others.'

/** @throws ConfigurationError when the installation has a key that is not here; ChainonError dependency-unavailable when that cannot be asked */
export async function openRoutingKey({ dir, box, register, hasRecords }: RoutingKeyOptions): Promise<RoutingKey> {
  const path = join(dir, ROUTING_KEY)
  const kept: Kept<Buffer> = {
    path,
    exists: () => existsSync(path),
    open: () => loadOrCreateSecret(dir, ROUTING_KEY, box),
    identity: (secret) => secret,
    harm: HARM,
  }
  const ask = () => registered(NAME, kept, inForce(register))
  if (kept.exists())
    return {
      secret: kept.open(),
      async compare() {
        await ask()
      },
    }
  // Accepted by a gateway of before keys were registered.
  if ((await inForce(register).read()).size === 0 && (await hasRecords()))
    throw new ConfigurationError(`The key ${NAME} is missing`, [
      `${path} is missing, and records were accepted with it: restore it from its backup, or copy that of another gateway. ${HARM}`,
    ])
  return { secret: await ask(), compare: async () => undefined }
}

/**
 * Writes another key in the place of the one that is here, if one is, and puts it in force. Killed in between, it leaves a file that no gateway starts with,
 * and is run again.
 *
 * @throws ConfigurationError when the file cannot be written, or another process has replaced the key at the same time; ChainonError dependency-unavailable
 */
export async function replaceRoutingKey(
  dir: string,
  box: SecretBox,
  register: KeyRegister,
): Promise<{ readonly version: number; readonly fingerprint: string }> {
  const version = versionOf(await register.read()) + 1
  const secret = randomBytes(32)
  const fingerprint = fingerprintOf(NAME, secret)
  replaceSecret(dir, ROUTING_KEY, secret, box)
  await register.register(nameOf(version), fingerprint)
  const agreed = (await register.read()).get(nameOf(version))
  if (agreed === undefined) throw new ChainonError('dependency-unavailable', `the key ${NAME} is not registered yet`)
  if (agreed !== fingerprint)
    throw new ConfigurationError(`The key ${NAME} is not replaced`, [
      `another process has replaced it at the same time, by one with the fingerprint ${agreed}: copy that file`,
    ])
  return { version, fingerprint }
}

/**
 * @param names of the register
 * @returns the version in force, 0 where none is registered; the fingerprints of it and of the key that is here
 * @throws ConfigurationError when the file cannot be read as a secret
 */
export function surveyRoutingKey(
  dir: string,
  box: SecretBox,
  names: ReadonlyMap<string, string>,
): { readonly version: number; readonly registered: string | undefined; readonly here: string | undefined } {
  const version = versionOf(names)
  const secret = loadSecret(dir, ROUTING_KEY, box)
  return { version, registered: names.get(nameOf(version)), here: secret && fingerprintOf(NAME, secret) }
}

/** The fingerprint of the version in force as the only one: of the first key of an installation there is no other. */
function inForce(register: KeyRegister): KeyRegister {
  return {
    async read() {
      const names = await register.read()
      const fingerprint = names.get(nameOf(versionOf(names)))
      return new Map(fingerprint === undefined ? [] : [[NAME, fingerprint]])
    },
    register: (name, fingerprint) => register.register(name, fingerprint),
  }
}

function versionOf(names: ReadonlyMap<string, string>): number {
  const versions = [...names.keys()].map((name) => (name === NAME ? 1 : Number(VERSION.exec(name)?.[1] ?? 0)))
  return Math.max(0, ...versions)
}

function nameOf(version: number): string {
  return version === 1 ? NAME : `${NAME} version ${version}`
}
