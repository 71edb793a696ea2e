/**
 * The file of MLLP listeners (`CHAINON_MLLP_FILE`): where each listens, whose key its messages have, and which senders it accepts. MLLP has no
 * login: who may connect is decided by the address, by TLS, and by the network before it.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { TlsOptions } from 'node:tls'
import Type from 'typebox'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { closed } from '#core/schema/closed.ts'
import { Place } from '#core/schema/place.ts'
import { read } from '#core/schema/read.ts'
import type { Written } from '#core/schema/written.ts'

const DEFAULT_PORT = 2575
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/i

const Tls = closed({
  cert_file: Type.String({ minLength: 1 }),
  key_file: Type.String({ minLength: 1 }),
  /** With it a sender needs a certificate of this authority. */
  client_ca_file: Type.Optional(Type.String({ minLength: 1 })),
})
const Listener = closed({
  name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$', expected: 'a name of small letters, digits and hyphens' }),
  host: Type.Optional(Type.String({ minLength: 1 })),
  port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  /**
   * A file with an API key: its producer, scopes, expiry and revocation are those of every message of the listener. Without it they are those of the
   * certificate of each connection, which `client_ca_file` then asks for.
   */
  api_key_file: Type.Optional(Type.String({ minLength: 1 })),
  /** MSH-3 and MSH-4 of the messages that are accepted. */
  senders: Type.Array(closed({ application: Type.String(), facility: Type.String() }), { minItems: 1 }),
  tls: Type.Optional(Tls),
})
const File = closed({ listeners: Type.Array(Listener, { minItems: 1, maxItems: 100 }) })

export interface ListenerSettings {
  readonly name: string
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
  /** Undefined: the certificate of each connection decides. */
  readonly apiKey: string | undefined
  readonly senders: readonly { readonly application: string; readonly facility: string }[]
  readonly tls: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'> | undefined
}

/**
 * @param path of the file; empty: no listener
 * @throws ConfigurationError with everything that is wrong with the file, and never a value of it
 */
export function readListeners(path: string): readonly ListenerSettings[] {
  if (path === '') return []
  const problems: string[] = []
  const file = read(File, parse(path), new Place(problems, path)).complete
  const listeners = (file?.listeners ?? []).map((one, at) => settingsOf(one, path, `listeners[${at}]`, problems))
  const names = listeners.map(({ name }) => name)
  if (new Set(names).size < names.length) problems.push('two listeners have the same name')
  if (problems.length > 0) throw new ConfigurationError('gateway cannot start, its MLLP listeners are wrong', problems)
  return listeners
}

function settingsOf(
  given: Written<typeof Listener>,
  path: string,
  place: string,
  problems: string[],
): ListenerSettings {
  const { name, host = '127.0.0.1', port = DEFAULT_PORT, senders, tls } = given
  const fileOf = (key: string, file: string): Buffer => {
    try {
      return readFileSync(resolve(dirname(path), file))
    } catch (error) {
      problems.push(`${place}.${key}: the file cannot be read (${errorCode(error)})`)
      return Buffer.alloc(0)
    }
  }
  if (!LOOPBACK.test(host) && tls === undefined)
    problems.push(
      `${place}: host is not an address of this machine alone: set tls, or a proxy of this machine that has it`,
    )
  const client = tls?.client_ca_file
  const keyFile = given.api_key_file
  if (keyFile === undefined && client === undefined)
    problems.push(`${place}: set api_key_file, or tls.client_ca_file so that certificates log in`)
  return {
    name,
    host,
    port,
    senders,
    apiKey: keyFile === undefined ? undefined : fileOf('api_key_file', keyFile).toString('utf8').trim(),
    tls: tls && {
      cert: fileOf('tls.cert_file', tls.cert_file),
      key: fileOf('tls.key_file', tls.key_file),
      ...(client === undefined
        ? {}
        : { ca: fileOf('tls.client_ca_file', client), requestCert: true, rejectUnauthorized: true }),
    },
  }
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new ConfigurationError('gateway cannot start', [
      `CHAINON_MLLP_FILE: ${path} is missing, unreadable or not JSON`,
    ])
  }
}
