/** One connection that is told of failures: server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html), within a bound of memory. */
import type { ServerResponse } from 'node:http'
import { FAILURE_EVENT, type FailureEvent } from '#core/gateway-api/failure-event.ts'
import { type Position, textOf } from './position.ts'
import type { Failure } from './store.ts'
import type { Listener } from './watch.ts'

/** Bytes that a listener has not read, from which on it is told nothing: a page of failures more is the most that is kept for it. */
const UNREAD_BYTES = 64 * 1024

export interface StreamOptions {
  readonly producer: string
  readonly out: ServerResponse
  readonly heartbeatMs: number
  readonly meaning: (failure: Failure) => string | undefined
  /** Called with each heartbeat. @throws when the key is no longer in force: the stream then ends */
  readonly check: () => Promise<unknown>
}

/** The stream has its headers, and ends with its connection. */
export function openStream({ producer, out, heartbeatMs, meaning, check }: StreamOptions): Listener {
  let reached: Position | undefined
  const write = (text: string) => void (out.writable && out.write(text))
  const beat = async () => {
    try {
      await check()
    } catch {
      out.end()
      return
    }
    // An id without data tells nobody, and is where the client goes on from.
    write(reached ? `: heartbeat\nid: ${textOf(reached)}\n\n` : ': heartbeat\n\n')
  }
  const timer = setInterval(() => void beat(), heartbeatMs)
  out.once('close', () => clearInterval(timer))
  return {
    producer,
    ready: () => out.writable && out.writableLength < UNREAD_BYTES,
    tell(failure) {
      const data = JSON.stringify(eventOf(failure, meaning(failure)))
      write(`event: ${FAILURE_EVENT}\nid: ${textOf(failure.position)}\ndata: ${data}\n\n`)
    },
    reached(position) {
      reached = position
    },
    away: () => write(': the warehouse does not answer; what fails meanwhile is told later\n\n'),
  }
}

function eventOf(failure: Failure, detail: string | undefined): FailureEvent {
  const { feed, indexes, pointer, position, receivedAt, receiptId, rule, state } = failure
  return {
    known_at: new Date(position.at).toISOString(),
    state,
    feed,
    ...(receiptId === undefined ? {} : { receipt_id: receiptId }),
    indexes,
    ...(receivedAt === undefined ? {} : { received_at: new Date(receivedAt).toISOString() }),
    rule,
    ...(pointer === '' ? {} : { pointer }),
    ...(detail === undefined ? {} : { detail }),
  }
}
