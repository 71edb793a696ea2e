/** The checks of a request's body before it is read: a size, and free in-flight bytes. `logins.ts` has checked its key. */
import type { FastifyRequest } from 'fastify'
import { ProblemError } from '../problem.ts'
import { readBody, tooLarge } from './body.ts'
import type { InFlight } from './in-flight.ts'
import type { Logins } from './logins.ts'
import { bodyEncoding } from './media-types.ts'

export interface AdmissionDependencies {
  readonly logins: Logins
  readonly inFlight: InFlight
  /** Largest body after decompression; never more than the bound of all bytes in flight. */
  readonly maxBodyBytes: number
}

/**
 * Reads the body within what may be in flight; the bytes are released when the answer is sent or the client has disconnected.
 *
 * @throws ProblemError body-too-large, too-many-in-flight, unsupported-encoding, truncated-gzip, malformed-body, and those of a login
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
  const body = await readBody(request.raw, encoding, dependencies.maxBodyBytes, ticket)
  // A body may take two minutes: a key that was revoked meanwhile must not store it.
  await dependencies.logins.login(request)
  return body
}
