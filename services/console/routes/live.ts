/**
 * `GET /api/live`: server-sent events. First `hello` (the last ten minutes), then a `snapshot` each second. A browser that reads too
 * slowly is disconnected and connects again by itself; nothing is queued for it.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { SnapshotPublisher } from '../collectors/snapshot-publisher.ts'
import type { Hello, Snapshot } from '../snapshot.ts'
import { PROBLEM_TYPE, problem, problemResponse } from './problem.ts'

export interface LiveOptions {
  readonly publisher: SnapshotPublisher
  readonly headers: Readonly<Record<string, string>>
  readonly maxClients: number
  /** Asked again at each heartbeat: a stream ends with the session. */
  readonly isOperator: (request: FastifyRequest) => boolean
}

/** Bytes that may wait for a slow browser. */
const MAX_WAITING_BYTES = 1024 * 1024
const HEARTBEAT_MS = 10_000
/** The browser connects again this long after the connection ends. */
const RETRY_MS = 1_500

interface Events {
  readonly hello: Hello
  readonly snapshot: Snapshot
}

const LIVE = {
  operationId: 'getLive',
  summary: 'The figures of the page, each second',
  description:
    'Server-sent events. `hello`: an object with `history` (the points of the last ten minutes) and `snapshot`. Then `snapshot` each second: the same as `GET /api/snapshot`.',
  response: {
    401: problemResponse('Nobody is logged in.'),
    200: { description: 'A stream without an end', content: { 'text/event-stream': { schema: Type.String() } } },
    503: problemResponse('Too many pages are open.'),
  },
}

export function registerLive(app: FastifyInstance, { publisher, headers, maxClients, isOperator }: LiveOptions): void {
  const clients = new Map<ServerResponse, FastifyRequest>()
  const send = (client: ServerResponse, text: string) => {
    if (client.writableLength > MAX_WAITING_BYTES) {
      clients.delete(client)
      client.destroy()
    } else client.write(text)
  }

  publisher.onSnapshot((snapshot) => {
    if (clients.size === 0) return
    const text = event('snapshot', snapshot)
    for (const client of clients.keys()) send(client, text)
  })
  const heartbeat = setInterval(() => {
    for (const [client, request] of clients) {
      if (isOperator(request)) send(client, ': heartbeat\n\n')
      else client.end()
    }
  }, HEARTBEAT_MS)
  app.addHook('preClose', async () => {
    clearInterval(heartbeat)
    for (const client of clients.keys()) client.end()
    clients.clear()
  })

  app.get('/api/live', { schema: LIVE }, (request, reply) => {
    if (clients.size >= maxClients) {
      const detail = `This console serves at most ${maxClients} pages at a time.`
      return reply
        .header('retry-after', '10')
        .code(503)
        .type(PROBLEM_TYPE)
        .send(problem(503, 'too-many-pages', detail))
    }
    reply.hijack()
    const client = reply.raw
    client.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    client.on('error', () => clients.delete(client))
    request.raw.on('close', () => clients.delete(client))
    clients.set(client, request)
    const hello = event('hello', { history: publisher.history.points(), snapshot: publisher.latest() })
    send(client, `retry: ${RETRY_MS}\n\n${hello}`)
    return reply
  })
}

/** @returns one event of a server-sent event stream */
function event<Name extends keyof Events>(name: Name, data: Events[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
