/**
 * Reads files of an export over HTTP. The addresses are of another's making: only hosts that the user named are asked, at each redirect too, and the token is
 * sent to no other than the first one. What an answer says is not repeated: of it only the status.
 */
import { pipeline, Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { createGunzip } from 'node:zlib'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'

export interface RemoteRules {
  /** `host` or `host:port`, as in an address: those that may be asked. */
  readonly hosts: ReadonlySet<string>
  /** Sent to `tokenHost` alone. */
  readonly token?: string
  readonly tokenHost?: string
  /** Milliseconds until the answer begins, and between two pieces of it. */
  readonly timeoutMs: number
}

const MAX_REDIRECTS = 5
const REDIRECTS = [301, 302, 303, 307, 308]
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** @returns the address without what may be a secret: user, query and fragment */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`
}

/** @throws ConfigurationError when the address may not be asked */
export function checkAddress(url: URL, { hosts }: Pick<RemoteRules, 'hosts'>): void {
  const problem =
    url.protocol !== 'https:' && url.protocol !== 'http:'
      ? 'is no http or https address'
      : url.username !== '' || url.password !== ''
        ? 'has a user or a password in it'
        : hosts.has(url.host)
          ? undefined
          : `is on a host that is not the manifest's own: if it may be asked, add --allow-host ${url.host}`
  if (problem !== undefined)
    throw new ConfigurationError('A file of the export is not read', [`${shown(url)} ${problem}`])
}

/**
 * @returns the bytes, decompressed, as a stream
 * @throws ConfigurationError for an address that may not be asked, and an answer 4xx; ChainonError dependency-unavailable for what may succeed later
 */
export async function openRemote(first: URL, rules: RemoteRules): Promise<Readable> {
  let url = first
  for (let redirects = 0; ; redirects++) {
    checkAddress(url, rules)
    const answer = await ask(url, rules)
    if (!REDIRECTS.includes(answer.status)) return body(answer, url, rules)
    await answer.body?.cancel()
    const next = URL.parse(answer.headers.get('location') ?? '', url)
    if (!next || redirects >= MAX_REDIRECTS)
      throw new ConfigurationError('A file of the export is not read', [
        `${shown(first)} is redirected ${next ? `more than ${MAX_REDIRECTS} times` : 'to no address'}`,
      ])
    if (url.protocol === 'https:' && next.protocol === 'http:')
      throw new ConfigurationError('A file of the export is not read', [
        `${shown(first)} is redirected from https to http`,
      ])
    url = next
  }
}

/** The token goes over TLS, or stays on this machine. */
function tokenFor(url: URL, { token, tokenHost }: RemoteRules): string | undefined {
  if (token === undefined || url.host !== tokenHost) return undefined
  if (url.protocol !== 'https:' && !LOOPBACK.test(url.hostname))
    throw new ConfigurationError('A file of the export is not read', [
      `${shown(url)} would get the access token without TLS`,
    ])
  return token
}

async function ask(url: URL, rules: RemoteRules): Promise<Response> {
  const token = tokenFor(url, rules)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), rules.timeoutMs)
  try {
    return await fetch(url, {
      redirect: 'manual',
      signal: late.signal,
      headers: {
        accept: 'application/fhir+ndjson, application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
  } catch (error) {
    throw unavailable(url, late.signal.aborted ? 'no answer in time' : errorCode((error as Error).cause ?? error))
  } finally {
    clearTimeout(timer)
  }
}

async function body(answer: Response, url: URL, rules: RemoteRules): Promise<Readable> {
  const { status } = answer
  if (status === 200 && answer.body) return pieces(answer.body as ReadableStream<Uint8Array>, url, rules)
  await answer.body?.cancel()
  if (status === 408 || status === 429 || status >= 500) throw unavailable(url, `status ${status}`)
  const why =
    status === 401 || status === 403
      ? 'the access token is missing, wrong or expired'
      : 'it is no file that can be read'
  throw new ConfigurationError('A file of the export is not read', [`${shown(url)}: status ${status}: ${why}`])
}

/** Files are compressed by their server (Content-Encoding, which `fetch` undoes), or are compressed files. */
async function pieces(stream: ReadableStream<Uint8Array>, url: URL, { timeoutMs }: RemoteRules): Promise<Readable> {
  const reader = stream.getReader()
  const next = async (): Promise<Buffer | undefined> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(unavailable(url, 'it stopped')), timeoutMs)
    })
    try {
      const { done, value } = await Promise.race([reader.read(), late])
      return done ? undefined : Buffer.from(value)
    } catch (error) {
      if (error instanceof ChainonError) throw error
      throw unavailable(url, errorCode((error as Error).cause ?? error))
    } finally {
      clearTimeout(timer)
    }
  }
  const first = await next()
  async function* all(): AsyncGenerator<Buffer> {
    try {
      for (let piece = first; piece !== undefined; piece = await next()) yield piece
    } finally {
      await reader.cancel().catch(() => undefined)
    }
  }
  const raw = Readable.from(all(), { objectMode: false })
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) return raw
  // A failure of either stream ends the other, and the reader receives the error: the callback is empty.
  return pipeline(raw, createGunzip(), () => undefined)
}

function unavailable(url: URL, why: string): ChainonError {
  return new ChainonError('dependency-unavailable', `${shown(url)} cannot be read now (${why}).`)
}
