/** `POST /v1/feeds/{feed}/records`: one feed's records as JSON, NDJSON or Avro. */
import type { FastifyInstance } from 'fastify'
import { type DecodeLimits, recordItems } from '../decode/records.ts'
import type { GatewayFeed } from '../encode/pipeline.ts'
import { type AdmissionParts, admitBody, authenticate } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { recordFormat } from '../http/media-types.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { ProblemError } from '../problem.ts'

export interface RecordsParts extends AdmissionParts, DecodeLimits {
  readonly feeds: ReadonlyMap<string, GatewayFeed>
  readonly ingest: Ingest
}

export function recordsRoute(app: FastifyInstance, parts: RecordsParts): void {
  app.post<{ Params: { feed: string } }>('/v1/feeds/:feed/records', async (request, reply) => {
    const producer = authenticate(parts.keys, request)
    const contract = parts.feeds.get(request.params.feed)?.contract
    if (!contract) throw new ProblemError('unknown-feed', 'GET /v1/feeds lists the feeds.')
    const type = request.headers['content-type']
    const format = recordFormat(type)
    const body = await admitBody(parts, request, reply.raw)
    const answer = await parts.ingest({
      provenance: { producer, receivedAt: Date.now() },
      feed: contract.feed,
      manyFeeds: false,
      idempotencyKey: request.headers['idempotency-key'],
      target: `${request.url} ${type ?? ''}`,
      body,
      items: recordItems(format, body, contract, parts),
    })
    return sendAnswer(request, reply, answer)
  })
}
