/** Passwords of the users of the local components, made at the first start: 32 random bytes each, in a file of mode 0600. */
import { createHash } from 'node:crypto'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'

/**
 * @param folder has one file for each user, created with mode 0700 when missing
 * @returns the password, made now if there is none
 * @throws ConfigurationError when its file is readable by others or damaged
 */
export function passwordOf(folder: string, user: string): string {
  return loadOrCreateSecret(folder, `${user}.password`).toString('hex')
}

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
