/** Requests to another service for something small that decides about trust: over a proved connection, bounded, and never led elsewhere. */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { ChainonError } from '../faults/errors.ts'

/** For connection and answer together. */
const TIMEOUT_MS = 5_000
const MAX_BYTES = 256 * 1024
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i

export interface SmallRequest {
  readonly url: URL
  /** Authority of the server's certificate, in PEM; undefined for those that Node trusts. */
  readonly ca: Buffer | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Sent by POST; without it the request is a GET. */
  readonly body?: string
}

export interface SmallAnswer {
  readonly status: number
  readonly body: string
}

/** @returns the URL when it is https, or http of this machine, and has no password */
export function provedUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)) ? url : undefined
}

/**
 * A redirect is an answer as any other: it would lead to where nobody has looked.
 *
 * @throws ChainonError dependency-unavailable for an answer that is too long; a system error
 */
export function smallRequest({ url, ca, headers, body }: SmallRequest): Promise<SmallAnswer> {
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    agent: false as const,
    ...(ca === undefined ? {} : { ca }),
  }
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const sent = send(url, options, (answer) => {
      const chunks: Buffer[] = []
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MAX_BYTES) chunks.push(chunk)
        else sent.destroy(new ChainonError('dependency-unavailable', `it is longer than ${MAX_BYTES} bytes`))
      })
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
      answer.once('error', reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
