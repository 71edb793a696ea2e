/**
 * Secrets that make pseudonyms are made once for an installation. Where each is first used, its fingerprint is registered outside the host
 * that holds it; a host whose secret is missing or another than the registered one does not start. Otherwise a wrong mount or a second host would
 * make a new secret without a word, and every patient two pseudonyms.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadOrCreateSecret } from '../crypto/secrets.ts'
import { ChainonError, ConfigurationError } from '../faults/errors.ts'

/** Which secret each name stands for, as it was registered first. Nothing is ever changed in it. */
export interface KeyRegister {
  /** @returns name to fingerprint @throws ChainonError dependency-unavailable */
  read(): Promise<ReadonlyMap<string, string>>
  /** What was registered before under the name stays. @throws ChainonError dependency-unavailable */
  register(name: string, fingerprint: string): Promise<void>
}

/** @returns 16 hexadecimal digits that tell two secrets apart, and nothing about them: a secret is 32 random bytes */
export function fingerprintOf(name: string, secret: Buffer): string {
  return createHash('sha256').update(`chainon/key-fingerprint\n${name}\n`).update(secret).digest('hex').slice(0, 16)
}

/**
 * @param dir the service's own secrets folder
 * @param name `<service>/<file>`; the file is in `dir`
 * @returns the secret, 32 bytes; made and registered when neither a file nor an entry exists
 * @throws ConfigurationError when the file is missing, or is another than the registered one; ChainonError dependency-unavailable
 */
export async function registeredSecret(dir: string, name: string, register: KeyRegister): Promise<Buffer> {
  const file = name.slice(name.lastIndexOf('/') + 1)
  const path = join(dir, file)
  const before = (await register.read()).get(name)
  if (before !== undefined && !existsSync(path)) throw missing(name, path, before)
  const secret = loadOrCreateSecret(dir, file)
  const own = fingerprintOf(name, secret)
  if (before === undefined) await register.register(name, own)
  // Another host may have registered its secret at the same time.
  const agreed = before ?? (await register.read()).get(name)
  if (agreed === undefined) throw new ChainonError('dependency-unavailable', `the key ${name} is not registered yet`)
  if (agreed !== own) throw another(name, path, own, agreed)
  return secret
}

function missing(name: string, path: string, registered: string): ConfigurationError {
  return new ConfigurationError(`The key ${name} is missing`, [
    `${path} does not exist, and this installation has used a key with the fingerprint ${registered}: restore the file from its backup, or mount the right folder. A new key would give every patient a second pseudonym.`,
  ])
}

function another(name: string, path: string, own: string, registered: string): ConfigurationError {
  return new ConfigurationError(`The key ${name} is not the one of this installation`, [
    `${path} has the fingerprint ${own}, and this installation has used ${registered}: restore the file from its backup, or mount the right folder. If another host has just made the key, copy it from there.`,
  ])
}
