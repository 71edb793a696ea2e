/** The local account of the operator. OIDC will come beside it. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

export const USER = 'operator'
/** In the console's folder of secrets. `chainon up` shows it once. */
const PASSWORD_FILE = 'operator.password'
const MIN_LENGTH = 16

export interface Account {
  /**
   * Reads the file each time, so that a changed password holds at once.
   *
   * @throws when the file is no longer safe or readable: then nobody logs in
   */
  matches(user: string, password: string): boolean
}

/**
 * Creates the password at the first start: 144 random bits in a file with mode 0600, which the operator may replace.
 *
 * @throws ConfigurationError when the file is readable by others, too short, or cannot be written
 */
export function openAccount(secretsDir: string): Account {
  const path = join(secretsDir, PASSWORD_FILE)
  if (!existsSync(path)) create(secretsDir, path)
  read(path)
  return {
    matches(user, password) {
      const [given, known] = [`${user}\0${password}`, `${USER}\0${read(path)}`].map((text) =>
        hash('sha256', text, 'buffer'),
      )
      return given !== undefined && known !== undefined && timingSafeEqual(given, known)
    },
  }
}

function read(path: string): string {
  const problem = (text: string) => new ConfigurationError("The operator's password is not safe", [`${path} ${text}`])
  if ((statSync(path).mode & 0o077) !== 0) throw problem('is readable by others: run chmod 600 on it, and change it')
  const password = readFileSync(path, 'utf8').trim()
  if (password.length < MIN_LENGTH) throw problem(`must have at least ${MIN_LENGTH} characters`)
  return password
}

function create(folder: string, path: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    writeFileSync(path, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new ConfigurationError("The operator's password cannot be written", [`${path}: ${errorCode(error)}`])
  }
}
