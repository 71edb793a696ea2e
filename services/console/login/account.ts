/** The local accounts: the operator, and reviewers of links by names of their own. OIDC will come beside them. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

export const USER = 'operator'
const MIN_LENGTH = 16

/** In the console's folder of secrets; `chainon up` shows the operator's once. */
const passwordFile = (user: string) => `${user}.password`

export interface Account {
  has(user: string): boolean
  /**
   * Reads the file each time, so that a changed password holds at once.
   *
   * @throws when the file is no longer safe or readable: then nobody logs in
   */
  matches(user: string, password: string): boolean
}

/**
 * Creates each password at the first start with its account: 144 random bits in a file with mode 0600, which may be replaced.
 *
 * @param reviewers names of further accounts
 * @throws ConfigurationError when the file is readable by others, too short, or cannot be written
 */
export function openAccount(secretsDir: string, reviewers: readonly string[] = []): Account {
  const users = new Set([USER, ...reviewers])
  const pathOf = (user: string) => join(secretsDir, passwordFile(user))
  for (const user of users) {
    if (!existsSync(pathOf(user))) create(secretsDir, pathOf(user))
    read(pathOf(user))
  }
  return {
    has: (user) => users.has(user),
    matches(user, password) {
      const account = users.has(user) ? user : USER
      const [given, known] = [`${user}\0${password}`, `${account}\0${read(pathOf(account))}`].map((text) =>
        hash('sha256', text, 'buffer'),
      )
      return given !== undefined && known !== undefined && timingSafeEqual(given, known)
    },
  }
}

function read(path: string): string {
  const problem = (text: string) => new ConfigurationError('A password of the console is not safe', [`${path} ${text}`])
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
    throw new ConfigurationError('A password of the console cannot be written', [`${path}: ${errorCode(error)}`])
  }
}
