/**
 * The users of the front and their passwords, made at the first start: 32 random bytes each, in a file of mode 0600 for the program that
 * logs in. The front itself has their SHA-256 only.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

/** SHA-256 in hexadecimal, by user. */
export type Logins = Readonly<Record<string, string>>

const HASH = /^[0-9a-f]{64}$/
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * @param folder has one file for each user, created with mode 0700 when missing
 * @returns the password, made now if there is none
 * @throws ConfigurationError when its file is readable by others or damaged
 */
export function passwordOf(folder: string, user: string): string {
  return loadOrCreateSecret(folder, `${user}.password`).toString('hex')
}

/** Makes the passwords that are missing. @returns what the front must know of them */
export function makeLogins(folder: string, users: readonly string[]): Logins {
  return Object.fromEntries(users.map((user) => [user, sha256(passwordOf(folder, user)).toString('hex')]))
}

/** @throws ConfigurationError when the file cannot be read, or is not a list of users */
export function readLogins(path: string): Logins {
  const wrong = (why: string) => new ConfigurationError('The users of ClickHouse cannot be read', [`${path}: ${why}`])
  let parsed: unknown
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? 'it is not JSON' : errorCode(error))
  }
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
  if (entries.length === 0 || entries.some(([, hash]) => typeof hash !== 'string' || !HASH.test(hash)))
    throw wrong('it must have the SHA-256 of a password for each user')
  return parsed as Logins
}

/** Compared with a wrong password of an unknown user, which then takes as long as that of a known one. */
const NOBODY = sha256('')

/**
 * Reads `Authorization: Basic`, else the headers or parameters of ClickHouse's interface.
 * @returns the user, or undefined when user or password is wrong or missing
 */
export function authenticated(logins: Logins, request: IncomingMessage, params: URLSearchParams): string | undefined {
  const given = (name: string): string | undefined => {
    const value = request.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(given('authorization') ?? '')?.[1]
  const [basicUser = '', ...rest] = basic ? Buffer.from(basic, 'base64').toString('utf8').split(':') : []
  const user = basic ? basicUser : (given('x-clickhouse-user') ?? params.get('user') ?? '')
  const password = basic ? rest.join(':') : (given('x-clickhouse-key') ?? params.get('password') ?? '')
  const hash = Object.hasOwn(logins, user) ? logins[user] : undefined
  const right = timingSafeEqual(hash === undefined ? NOBODY : Buffer.from(hash, 'hex'), sha256(password))
  return right && hash !== undefined ? user : undefined
}
