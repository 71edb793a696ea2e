/**
 * Which of the ways in a request takes. What is in a header decides alone; a certificate counts where no header has anything, and never because of a
 * header: what a proxy says of certificates (`X-Forwarded-Client-Cert` and the like) is not read.
 */
import { hash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'

export type Credential =
  | { readonly kind: 'none' }
  /** Several headers have one: a proxy before the gateway may have read another one than the gateway would. */
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'key'; readonly text: string }
  | { readonly kind: 'token'; readonly text: string }
  | { readonly kind: 'certificate'; readonly certificate: ClientCertificate }

export interface ClientCertificate {
  /** Of its DER, 64 hexadecimal digits. */
  readonly sha256: string
  /** It is of the configured authority, in force, and for clients; that its sender has the key is proved in any case. */
  readonly trusted: boolean
}

/** A JWS in its compact form: three parts. An API key has no dot. */
const COMPACT = /^[\w-]+\.[\w-]*\.[\w-]*$/

export function credentialOf({ headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>): Credential {
  const names = raw.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
  const times = (header: string) => names.filter((name) => name === header).length
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  const header = headers['x-api-key']
  const key = typeof header === 'string' && header !== '' ? header.trim() : undefined
  if (times('authorization') > 1 || times('x-api-key') > 1 || (bearer !== undefined && key !== undefined))
    return { kind: 'ambiguous' }
  if (bearer !== undefined) return { kind: COMPACT.test(bearer) ? 'token' : 'key', text: bearer }
  if (key !== undefined) return { kind: 'key', text: key }
  // Another scheme, or nothing after it: who sends it does not mean the certificate.
  if ((headers.authorization ?? '') !== '') return { kind: 'none' }
  const certificate = certificateOf(raw.socket)
  return certificate ? { kind: 'certificate', certificate } : { kind: 'none' }
}

const known = new WeakMap<Socket, ClientCertificate>()

/** @returns the certificate of the other side of a TLS connection; undefined when it sent none, or none was asked for */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  const before = known.get(socket)
  if (before || !(socket instanceof TLSSocket)) return before
  const der = socket.getPeerX509Certificate()?.raw
  if (der === undefined) return undefined
  const certificate = { sha256: hash('sha256', der, 'hex'), trusted: socket.authorized }
  known.set(socket, certificate)
  return certificate
}
