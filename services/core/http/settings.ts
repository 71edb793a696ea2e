/** How a service listens: which addresses need TLS or a declared proxy, and with which certificate. */
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Config } from '../config/read.ts'
import { errorCode } from '../faults/describe-failure.ts'
import { ConfigurationError } from '../faults/errors.ts'
import { createRequestGuard, type RequestGuard } from './request-guard.ts'

export const HTTP_KEYS = [
  'CHAINON_HTTP_HOST',
  'CHAINON_HTTP_PORT',
  'CHAINON_ADMIN_HOST',
  'CHAINON_ADMIN_PORT',
  'CHAINON_TLS_CERT_FILE',
  'CHAINON_TLS_KEY_FILE',
  'CHAINON_TRUSTED_PROXY',
  'CHAINON_ALLOWED_HOSTS',
] as const

export type HttpConfig = Config<(typeof HTTP_KEYS)[number]>

export interface HttpSettings {
  /** Options of Fastify. */
  readonly server: {
    readonly trustProxy: string[] | false
    readonly https?: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>
  }
  readonly guard: RequestGuard
}

const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/i
const NETWORK = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i

/**
 * @param config of the program, complete
 * @returns the same configuration
 * @throws ConfigurationError when the service would be open to other machines without TLS or a proxy that has it
 */
export function checkHttp<C extends HttpConfig>(program: string, config: C): C {
  const { CHAINON_TLS_CERT_FILE: cert, CHAINON_TLS_KEY_FILE: key, CHAINON_TRUSTED_PROXY: proxies } = config
  const problems = proxies
    .filter((proxy) => networkOf(proxy) === undefined)
    .map(() => 'CHAINON_TRUSTED_PROXY must be IP addresses or networks, for instance 10.0.0.5,10.1.0.0/16')
  if ((cert === '') !== (key === '')) problems.push('CHAINON_TLS_CERT_FILE and CHAINON_TLS_KEY_FILE belong together')
  for (const name of ['CHAINON_HTTP_HOST', 'CHAINON_ADMIN_HOST'] as const) {
    if (LOOPBACK.test(config[name]) || cert !== '' || proxies.length > 0) continue
    problems.push(
      `${name} is not an address of this machine alone: set CHAINON_TLS_CERT_FILE and CHAINON_TLS_KEY_FILE, or declare the proxy that has TLS with CHAINON_TRUSTED_PROXY`,
    )
  }
  if (problems.length > 0) throw new ConfigurationError(`${program} does not listen`, [...new Set(problems)])
  return config
}

/**
 * @returns the settings of the port for everybody, and of the admin port
 * @throws ConfigurationError when the certificate or its key cannot be read
 */
export function httpSettings(config: HttpConfig): { readonly http: HttpSettings; readonly admin: HttpSettings } {
  const { CHAINON_TLS_CERT_FILE: cert, CHAINON_TLS_KEY_FILE: key, CHAINON_TRUSTED_PROXY: proxies } = config
  const https = cert === '' ? undefined : { cert: readPem(cert), key: readPem(key) }
  const trustProxy = proxies.length > 0 ? [...proxies] : false
  const guardOf = (secure: boolean) =>
    createRequestGuard({
      hosts: [...config.CHAINON_ALLOWED_HOSTS, config.CHAINON_HTTP_HOST, config.CHAINON_ADMIN_HOST],
      origins: config.CHAINON_ALLOWED_HOSTS,
      // With TLS of its own it may be reached without the proxy.
      senders: secure || proxies.length === 0 ? undefined : blockList(proxies),
    })
  const settings = (secure: boolean): HttpSettings => ({
    server: { trustProxy, ...(https && secure ? { https } : {}) },
    guard: guardOf(https !== undefined && secure),
  })
  // On loopback the admin port is for programs of this machine: plain HTTP, as no certificate is made for its address.
  return { http: settings(true), admin: settings(!LOOPBACK.test(config.CHAINON_ADMIN_HOST)) }
}

function blockList(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addAddress('::1', 'ipv6')
  for (const proxy of proxies) {
    const network = networkOf(proxy)
    if (network) list.addSubnet(network.address, network.prefix, network.family)
  }
  return list
}

function networkOf(text: string) {
  const [, address = '', prefix] = NETWORK.exec(text) ?? []
  const version = isIP(address)
  if (version === 0) return undefined
  const [family, bits] = version === 4 ? (['ipv4', 32] as const) : (['ipv6', 128] as const)
  const length = prefix === undefined ? bits : Number(prefix)
  return length > bits ? undefined : { address, family, prefix: length }
}

/** @throws ConfigurationError when it cannot be read */
export function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new ConfigurationError('The TLS certificate cannot be read', [`${path}: ${errorCode(error)}`])
  }
}
