/**
 * `GET /api/live`: server-sent events. First `hello` (the last ten minutes), then a `snapshot` each second. A browser that does
 * not keep up is dropped and comes back by itself; nothing is queued for it.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Station } from '../collectors/station.ts'
import { problem } from './problem.ts'

export interface LiveOptions {
  readonly station: Station
  readonly headers: Readonly<Record<string, string>>
  readonly mostClients: number
}

/** Bytes that may wait for a slow browser. */
const MOST_WAITING_BYTES = 1024 * 1024
const HEARTBEAT_MS = 10_000
/** After this the browser tries again when the connection ends. */
const RETRY_MS = 1_500

export function registerLive(app: FastifyInstance, { station, headers, mostClients }: LiveOptions): void {
  const clients = new Set<ServerResponse>()
  const send = (client: ServerResponse, text: string) => {
    if (client.writableLength > MOST_WAITING_BYTES) {
      clients.delete(client)
      client.destroy()
    } else client.write(text)
  }

  station.onSnapshot((snapshot) => {
    if (clients.size === 0) return
    const text = event('snapshot', snapshot)
    for (const client of clients) send(client, text)
  })
  const heartbeat = setInterval(() => {
    for (const client of clients) send(client, ': still here\n\n')
  }, HEARTBEAT_MS)
  app.addHook('preClose', async () => {
    clearInterval(heartbeat)
    for (const client of clients) client.end()
    clients.clear()
  })

  app.get('/api/live', { schema: { hide: true } }, (request, reply) => {
    if (clients.size >= mostClients) {
      const detail = `This console serves at most ${mostClients} pages at a time.`
      return reply
        .header('retry-after', '10')
        .code(503)
        .type('application/problem+json')
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
    clients.add(client)
    send(
      client,
      `retry: ${RETRY_MS}\n\n${event('hello', { history: station.history.points(), snapshot: station.latest() })}`,
    )
    return reply
  })
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
