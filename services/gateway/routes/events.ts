/** `GET /v1/events`: what fails of the records of the producer of the key, as server-sent events, as it becomes known. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { EVENT_ID, FailureEvent } from '#core/gateway-api/failure-event.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { ProblemCode } from '#core/gateway-api/problem.ts'
import { READ_OWN } from '#core/keys/scopes.ts'
import { type Position, readPosition } from '../failures/position.ts'
import { openStream } from '../failures/stream.ts'
import type { FailureWatch } from '../failures/watch.ts'
import type { Logins } from '../http/logins.ts'
import { LOGIN_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses } from '../openapi/responses.ts'
import { ProblemError } from '../problem.ts'
import { type Feeds, meaningOf } from '../receipts/meaning.ts'

export interface EventsDependencies {
  readonly logins: Logins
  readonly watch: FailureWatch
  readonly feeds: Feeds
}

/** Streams of one producer, and of all, at one gateway. */
const MOST_OF_PRODUCER = 4
const MOST = 256
/** Shorter than what a proxy waits for silence. */
const HEARTBEAT_MS = 15_000

const PROBLEMS: readonly ProblemCode[] = [
  'bad-query',
  ...LOGIN_PROBLEMS,
  'key-scope',
  'producer-share',
  'dependency-unavailable',
]

export function eventsRoute(app: FastifyInstance, { logins, watch, feeds }: EventsDependencies): void {
  const open = new Map<string, number>()
  const ends = new Set<() => void>()
  // A stream has no end of its own, and a server that closes waits for its connections.
  app.addHook('preClose', async () => {
    for (const end of ends) end()
  })
  app.get('/v1/events', { schema: eventsSchema() }, async (request, reply) => {
    const { producer } = await logins.login(request, READ_OWN)
    const after = positionOf(request)
    const of = open.get(producer) ?? 0
    if (of >= MOST_OF_PRODUCER || ends.size >= MOST)
      throw new ProblemError(
        'producer-share',
        `One producer may have ${MOST_OF_PRODUCER} streams of events at a time, and all together ${MOST}.`,
      )
    open.set(producer, of + 1)
    const out = reply.raw
    const end = () => void out.end()
    ends.add(end)
    let unlisten = () => undefined as unknown
    const left = () => {
      ends.delete(end)
      unlisten()
      const others = (open.get(producer) ?? 1) - 1
      if (others === 0) open.delete(producer)
      else open.set(producer, others)
    }
    const meaning = ({ feed, rule, pointer }: { feed: string; rule: string; pointer: string }) =>
      meaningOf(feeds, feed, rule, pointer)
    const check = () => logins.login(request)
    const listener = openStream({ producer, out, heartbeatMs: HEARTBEAT_MS, meaning, check })
    try {
      unlisten = await watch.listen(listener, after)
    } catch (cause) {
      left()
      throw new ProblemError('dependency-unavailable', 'The warehouse does not answer: nothing can be told now.', {
        cause,
      })
    }
    if (out.destroyed) left()
    else out.once('close', left)
    reply.hijack()
    out.writeHead(200, { 'content-type': MEDIA.events, 'cache-control': 'no-store' })
    out.flushHeaders()
    return reply
  })
}

/** @throws ProblemError bad-query */
function positionOf({ headers, query }: FastifyRequest): Position | undefined {
  const { after, ...others } = query as Readonly<Record<string, unknown>>
  const given = headers['last-event-id'] ?? after
  const position = typeof given === 'string' && given !== '' ? readPosition(given) : undefined
  if (Object.keys(others).length > 0 || (given !== undefined && given !== '' && position === undefined))
    throw new ProblemError('bad-query', 'The only parameter is `after`, the id of an event, as in Last-Event-ID.')
  return position
}

function eventsSchema(): object {
  const id = Type.String({ pattern: EVENT_ID })
  return {
    tags: ['Receipts'],
    operationId: 'followFailures',
    summary: 'What fails of the records of the producer, as it becomes known',
    description: `Server-sent events with the name \`failure\`: records that were refused, rejected by a rule of a worker, or quarantined, with their receipt and index, rule and
field. Known some seconds after the fact; each once or more, with the same id. \`Last-Event-ID\` (or \`after\`) continues after an event, within 7 days; without it a
stream begins now. A comment comes every ${HEARTBEAT_MS / 1000} s. While the warehouse does not answer, a comment says so, and what failed is told later. The stream ends when
the key ends, or the gateway. A producer has at most ${MOST_OF_PRODUCER} streams at a gateway.`,
    headers: Type.Object({ 'Last-Event-ID': Type.Optional(id) }),
    querystring: Type.Object({ after: Type.Optional(id) }),
    response: {
      200: {
        description: 'A stream without an end; the schema is that of the data of an event.',
        headers: { 'Cache-Control': Type.Literal('no-store') },
        content: { [MEDIA.events]: { schema: FailureEvent } },
      },
      ...problemResponses(PROBLEMS, false),
    },
  }
}
