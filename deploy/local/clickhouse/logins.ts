/**
 * The users of the front. Each password is a file of the program that logs in (../passwords.ts); the front itself has their SHA-256 only.
 */
import { timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { passwordOf, sha256 } from '../passwords.ts'

/** SHA-256 in hexadecimal, by user. */
export type Logins = Readonly<Record<string, string>>

const HASH = /^[0-9a-f]{64}$/

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

export interface LoginFailure {
  readonly reason: 'missing' | 'unknown-user' | 'wrong-password'
  /** A known one. */
  readonly user?: string
}

/**
 * Reads `Authorization: Basic`, else the headers or parameters of ClickHouse's interface.
 * @returns the user, or why it is none
 */
export function authenticated(
  logins: Logins,
  request: IncomingMessage,
  params: URLSearchParams,
): string | LoginFailure {
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
  if (right && hash !== undefined) return user
  if (hash !== undefined) return { reason: 'wrong-password', user }
  return { reason: user === '' && password === '' ? 'missing' : 'unknown-user' }
}
