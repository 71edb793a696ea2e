/** Reads `GET /v1/events`, and connects again where it ended: after a lost connection nothing is told twice, and nothing is missing. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChainonError } from '../faults/errors.ts'
import { readProblem } from './answers.ts'
import { retryAfterMs } from './client.ts'
import { FAILURE_EVENT, type FailureEvent, readFailureEvent } from './failure-event.ts'
import { MEDIA } from './media-types.ts'
import { splitEvents } from './server-sent-events.ts'

export interface EventOptions {
  /** Base URL of the gateway, without a final slash. */
  readonly url: string
  /** API key of the producer, with the scope `read:own`. */
  readonly key: string
  /** Id of an event: what came after it. */
  readonly after?: string
  readonly signal: AbortSignal
  /** Told before it connects again. @param reason a status or the code of a network error */
  readonly onRetry?: (reason: string) => void
}

export interface ToldFailure {
  readonly id: string
  readonly event: FailureEvent
}

/** Three heartbeats of the gateway. */
const SILENT_MS = 45_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
const AGAIN = new Set([408, 429, 500, 502, 503, 504])

/** Ends with the signal. @throws ChainonError when the gateway refuses: a wrong key, an id that is none */
export async function* failureEvents(options: EventOptions): AsyncGenerator<ToldFailure> {
  const { signal } = options
  let { after } = options
  let wait = FIRST_WAIT_MS
  while (!signal.aborted) {
    let requested = 0
    try {
      const answer = await connect(options, after)
      if (answer.statusCode !== 200) {
        const status = answer.statusCode ?? 0
        const problem = readProblem(await text(answer), status)
        if (!AGAIN.has(status)) throw refusal(problem)
        requested = retryAfterMs(answer.headers['retry-after'])
        options.onRetry?.(String(status))
      } else {
        for await (const { id, name, data } of splitEvents(answer)) {
          wait = FIRST_WAIT_MS
          after = id ?? after
          const event = name === FAILURE_EVENT ? readFailureEvent(data) : undefined
          if (event && id !== undefined) yield { id, event }
        }
        options.onRetry?.('ended')
      }
    } catch (error) {
      if (error instanceof ChainonError) throw error
      if (signal.aborted) return
      options.onRetry?.((error as NodeJS.ErrnoException).code ?? 'network')
    }
    await sleep(Math.max(wait, requested), undefined, { signal }).catch(() => undefined)
    wait = Math.min(LONGEST_WAIT_MS, wait * 2)
  }
}

function connect({ url, key, signal }: EventOptions, after: string | undefined): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  const headers = {
    authorization: `Bearer ${key}`,
    accept: MEDIA.events,
    ...(after === undefined ? {} : { 'last-event-id': after }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/v1/events`, { headers, signal }, resolve)
    outgoing.setTimeout(SILENT_MS, () => outgoing.destroy(Object.assign(new Error('silent'), { code: 'timeout' })))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

function refusal({ code, title }: ReturnType<typeof readProblem>): ChainonError {
  const known = (['wrong-key', 'missing-key', 'expired-key', 'revoked-key', 'key-scope', 'bad-query'] as const).find(
    (one) => one === code,
  )
  return new ChainonError(known ?? 'dependency-unavailable', `${code}: ${title}`)
}
