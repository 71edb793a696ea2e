/** The checks of a request's body before and while it is read: a size, a pace, a share. `logins.ts` has checked its key. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from '../problem.ts'
import { type BodyLimits, readBody, tooLarge } from './body.ts'
import type { Logins } from './logins.ts'
import { bodyEncoding } from './media-types.ts'
import type { Refused } from './observe.ts'
import type { Quotas } from './rate-limit.ts'
import { type Share, type ShareLimits, type Shares, shareProblem } from './shares.ts'

export interface AdmissionDependencies {
  readonly logins: Logins
  readonly shares: Shares
  /** A body is never larger than what may be in flight. */
  readonly limits: BodyLimits & ShareLimits
  readonly refused: Refused
  readonly quotas: Quotas
}

export interface Admitted {
  readonly body: Buffer
  /** Headers of the answer: what is left of the quotas. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Reserves bytes besides those of the body: for what is made of it.
   *
   * @param bytes in memory besides the body so far
   * @throws ProblemError too-many-in-flight, producer-share
   */
  readonly claim: (bytes: number) => void
}

/**
 * Reads the body within what may be in flight; its share is released when the answer is sent or the connection is closed.
 *
 * @throws ProblemError body-too-large, too-many-in-flight, producer-share, quota-exceeded, upload-too-slow, unsupported-encoding, truncated-gzip, truncated-zstd,
 *   malformed-body, and those of a login
 */
export async function admitBody(
  dependencies: AdmissionDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  producer: string,
): Promise<Admitted> {
  const { limits, logins, quotas, refused, shares } = dependencies
  const encoding = bodyEncoding(request.headers['content-encoding'])
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limits.maxBodyBytes) throw tooLarge(limits.maxBodyBytes)
  const share = shares.open(producer)
  if (!share) throw shareProblem('producer-connections', limits)
  reply.raw.once('close', () => share.release())
  // What cannot fit now is refused before it is sent; nothing is reserved for what is only announced.
  const lacking = share.lacks(announced)
  if (lacking) throw shareProblem(lacking, limits)
  const headers = await quotas.begin(producer)
  const grow = (bytes: number) => growOrProblem(share, bytes, limits)
  const body = await readBody(request.raw, encoding, limits, grow, (reason) => {
    refused(reason)
    // Its sender is silent: the connection ends with the answer.
    reply.header('connection', 'close')
  })
  // A body may take two minutes: a key that was revoked meanwhile must not store it.
  await logins.login(request)
  return { body, headers, claim: claimOf(share, body.length, limits) }
}

/** @param taken bytes that the share has for the body @returns `claim` of an admitted body */
export function claimOf(share: Share, taken: number, limits: ShareLimits): Admitted['claim'] {
  const most = Math.min(limits.maxInFlightBytes, limits.producerInFlightBytes)
  return (bytes) => {
    if (taken + bytes > most)
      throw new ProblemError(
        'body-too-large',
        `The body and what is made of it take more than ${most} bytes; send fewer records in a request.`,
      )
    const problem = growOrProblem(share, taken + bytes, limits)
    if (problem) throw problem
  }
}

function growOrProblem(share: Share, bytes: number, limits: ShareLimits): ProblemError | undefined {
  const limit = share.growTo(bytes)
  return limit === undefined ? undefined : shareProblem(limit, limits)
}
