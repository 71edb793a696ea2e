/** Requests over kept-alive connections; a network error is a value, because the caller sends again. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

/** `code`: of Node's system errors, for instance ECONNREFUSED, or `timeout`. */
export interface NoAnswer {
  readonly kind: 'no-answer'
  readonly code: string
}

export interface AnsweringClient {
  post(path: string, body: Buffer, headers: Readonly<Record<string, string>>): Promise<Answer | NoAnswer>
  get(path: string, headers: Readonly<Record<string, string>>): Promise<Answer | NoAnswer>
  close(): void
}

export interface AnsweringClientOptions {
  readonly url: string
  /** Largest number of connections. */
  readonly sockets: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** A receipt lists at most a bounded number of errors; a longer answer is not from a gateway. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export function answeringClient(options: AnsweringClientOptions): AnsweringClient {
  const secure = options.url.startsWith('https:')
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: options.sockets })
  const request = secure ? httpsRequest : httpRequest
  const send = (
    method: 'GET' | 'POST',
    path: string,
    headers: Readonly<Record<string, string | number>>,
    body?: Buffer,
  ): Promise<Answer | NoAnswer> =>
    new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) => resolve({ kind: 'no-answer', code: error.code ?? 'network' })
      const outgoing = request(
        `${options.url}${path}`,
        {
          method,
          agent,
          headers,
          ...(options.signal ? { signal: options.signal } : {}),
        },
        (incoming) => {
          const chunks: Buffer[] = []
          let bytes = 0
          incoming.on('data', (chunk: Buffer) => {
            bytes += chunk.length
            if (bytes > MAX_ANSWER_BYTES) outgoing.destroy(Object.assign(new Error('too long'), { code: 'too-long' }))
            else chunks.push(chunk)
          })
          incoming.on('error', failed)
          incoming.on('end', () =>
            resolve({
              kind: 'answer',
              status: incoming.statusCode ?? 0,
              retryAfter: incoming.headers['retry-after'],
              body: Buffer.concat(chunks).toString('utf8'),
            }),
          )
        },
      )
      outgoing.setTimeout(options.timeoutMs, () =>
        outgoing.destroy(Object.assign(new Error('timeout'), { code: 'timeout' })),
      )
      outgoing.on('error', failed)
      outgoing.end(body)
    })
  return {
    post: (path, body, headers) => send('POST', path, { ...headers, 'content-length': body.length }, body),
    get: (path, headers) => send('GET', path, headers),
    close: () => agent.destroy(),
  }
}
