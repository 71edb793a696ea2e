/**
 * Secrets that make pseudonyms or open what is sealed are made once for an installation. Where each is first used, its fingerprint is registered outside the host
 * that holds it; a host whose secret is missing or another than the registered one does not start. Otherwise a wrong mount or a second host would
 * make a new secret without a word, and every patient two pseudonyms.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CLEAR, type SecretBox } from '../crypto/secret-box.ts'
import { loadOrCreateSecret } from '../crypto/secrets.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'

/** Which secret each name stands for, as it was registered first. Nothing is ever changed in it. */
export interface KeyRegister {
  /** @returns name to fingerprint @throws ChainonError dependency-unavailable */
  read(): Promise<ReadonlyMap<string, string>>
  /** What was registered before under the name stays. @throws ChainonError dependency-unavailable */
  register(name: string, fingerprint: string): Promise<void>
}

/** @returns 16 hexadecimal digits that tell two secrets apart, and nothing about them: a secret is 32 random bytes, or its public half */
export function fingerprintOf(name: string, secret: Buffer): string {
  return createHash('sha256').update(`chainon/key-fingerprint\n${name}\n`).update(secret).digest('hex').slice(0, 16)
}

/** Where a host has a secret, and how it is made. */
export interface Kept<T> {
  /** What is restored from a backup. */
  readonly path: string
  readonly exists: () => boolean
  /** Makes it when there is none. */
  readonly open: () => T
  /** Bytes that tell two of them apart. */
  readonly identity: (secret: T) => Buffer
  /** What a new one would do. */
  readonly harm: string
}

/**
 * @param name `<service>/<name of the secret>`
 * @returns the secret; made and registered when neither this host nor the register has one
 * @throws ConfigurationError when it is missing here, or is another than the registered one; ChainonError dependency-unavailable
 */
export async function registered<T>(name: string, kept: Kept<T>, register: KeyRegister): Promise<T> {
  const before = (await register.read()).get(name)
  if (before !== undefined && !kept.exists()) throw missing(name, kept, before)
  const secret = kept.open()
  const own = fingerprintOf(name, kept.identity(secret))
  if (before === undefined) await register.register(name, own)
  // Another host may have registered its secret at the same time.
  const agreed = before ?? (await register.read()).get(name)
  if (agreed === undefined) throw new ChainonError('dependency-unavailable', `the key ${name} is not registered yet`)
  if (agreed !== own) throw another(name, kept, own, agreed)
  return secret
}

/**
 * @param dir the service's own secrets folder
 * @param name `<service>/<file>`; the file is in `dir`
 * @param box how it stands in the file
 * @returns the secret, 32 bytes; made and registered when neither a file nor an entry exists
 * @throws ConfigurationError when the file is missing, or is another than the registered one; ChainonError dependency-unavailable
 */
export function registeredSecret(
  dir: string,
  name: string,
  register: KeyRegister,
  box: SecretBox = CLEAR,
): Promise<Buffer> {
  const file = name.slice(name.lastIndexOf('/') + 1)
  const path = join(dir, file)
  return registered(
    name,
    {
      path,
      exists: () => existsSync(path),
      open: () => loadOrCreateSecret(dir, file, box),
      identity: (secret) => secret,
      harm: 'A new key would give every patient a second pseudonym.',
    },
    register,
  )
}

/** For who makes no key. @param names of the register, with their fingerprints */
export function readOnlyRegister(names: ReadonlyMap<string, string>): KeyRegister {
  return {
    read: async () => names,
    register: () => Promise.reject(new ChainonError('bug', 'this process makes no key')),
  }
}

function missing(name: string, { path, harm }: Pick<Kept<never>, 'path' | 'harm'>, before: string): ConfigurationError {
  return new ConfigurationError(`The key ${name} is missing`, [
    `${path} is missing, and this installation has used a key with the fingerprint ${before}: restore it from its backup, or mount the right folder. ${harm}`,
  ])
}

function another(name: string, { path }: Pick<Kept<never>, 'path'>, own: string, before: string): ConfigurationError {
  return new ConfigurationError(`The key ${name} is not the one of this installation`, [
    `${path} has the fingerprint ${own}, and this installation has used ${before}: restore it from its backup, or mount the right folder. If another host has just made the key, copy it from there.`,
  ])
}
