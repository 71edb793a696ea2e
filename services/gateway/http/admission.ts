/** The checks of a request before its body is read: a key, a size, and free in-flight bytes. */
import type { FastifyRequest } from 'fastify'
import type { KeyStore } from '#core/keys/store.ts'
import { ProblemError } from '../problem.ts'
import { readBody, tooLarge } from './body.ts'
import type { InFlight } from './in-flight.ts'
import { bodyEncoding } from './media-types.ts'

export interface AdmissionDependencies {
  readonly keys: KeyStore
  readonly inFlight: InFlight
  /** Largest body after decompression; never more than the bound of all bytes in flight. */
  readonly maxBodyBytes: number
}

/**
 * @returns the producer whose key came as `Authorization: Bearer` or `X-API-Key`
 * @throws ProblemError missing-key, wrong-key
 */
export function authenticate(keys: KeyStore, request: FastifyRequest): string {
  const presented = presentedKey(request)
  if (presented === undefined)
    throw new ProblemError('missing-key', 'Send the key as Authorization: Bearer, or as X-API-Key.')
  const owner = keys.owner(presented)
  if (!owner) throw new ProblemError('wrong-key')
  return owner.producer
}

function presentedKey({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const header = headers['x-api-key']
  return typeof header === 'string' && header !== '' ? header.trim() : undefined
}

/**
 * Reads the body within what may be in flight; the bytes are released when the answer is sent or the client has disconnected.
 *
 * @throws ProblemError body-too-large, too-many-in-flight, unsupported-encoding, truncated-gzip, malformed-body
 */
export async function admitBody(
  dependencies: AdmissionDependencies,
  request: FastifyRequest,
  closed: { once(event: 'close', listener: () => void): unknown },
): Promise<Buffer> {
  const encoding = bodyEncoding(request.headers['content-encoding'])
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > dependencies.maxBodyBytes) throw tooLarge(dependencies.maxBodyBytes)
  const ticket = dependencies.inFlight.reserve(announced)
  if (!ticket) throw new ProblemError('too-many-in-flight')
  closed.once('close', () => ticket.release())
  return await readBody(request.raw, encoding, dependencies.maxBodyBytes, ticket)
}
