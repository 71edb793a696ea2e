/** `POST /v1/feeds/{feed}/records`: one feed's records as JSON, NDJSON or Avro. One route per feed, so that each documents its own record. */
import type { FastifyInstance, FastifySchema } from 'fastify'
import type { FeedContract } from '#core/contract/types.ts'
import { writeScope } from '#core/keys/scopes.ts'
import { type DecodeLimits, recordItems } from '../decode/records.ts'
import type { GatewayFeed } from '../encode/pipeline.ts'
import { type AdmissionDependencies, admitBody } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { RECORD_TYPES, type RecordFormat, recordFormat } from '../http/media-types.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { recordComponent } from '../openapi/install.ts'
import { LOGIN_PROBLEMS, requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'
import { ProblemError } from '../problem.ts'

export interface RecordsDependencies extends AdmissionDependencies, DecodeLimits {
  readonly feeds: ReadonlyMap<string, GatewayFeed>
  readonly ingest: Ingest
}

export function recordsRoutes(app: FastifyInstance, dependencies: RecordsDependencies): void {
  for (const { contract } of dependencies.feeds.values()) {
    const { feed } = contract
    app.post(`/v1/feeds/${feed}/records`, { schema: recordsSchema(contract) }, async (request, reply) => {
      const { producer } = await dependencies.logins.login(request, writeScope(feed))
      const type = request.headers['content-type']
      const format = recordFormat(type)
      const { body, claim, headers } = await admitBody(dependencies, request, reply, producer)
      const answer = await dependencies.ingest({
        producer,
        feed,
        manyFeeds: false,
        idempotencyKey: request.headers['idempotency-key'],
        target: `${request.url} ${type ?? ''}`,
        body,
        claim,
        items: (reserve) => recordItems(format, body, contract, dependencies, reserve),
      })
      return sendAnswer(request, reply, answer, headers)
    })
  }
  const unknownFeed = { hide: true, response: problemResponses([...LOGIN_PROBLEMS, 'unknown-feed'], false) }
  app.post('/v1/feeds/:feed/records', { schema: unknownFeed }, async (request) => {
    await dependencies.logins.login(request)
    throw new ProblemError('unknown-feed', 'GET /v1/feeds lists the feeds.')
  })
}

function recordsSchema(contract: FeedContract): FastifySchema {
  return {
    tags: ['Feeds'],
    operationId: `send_${contract.feed}`,
    summary: `Send ${contract.feed} records`,
    description: `${contract.doc}. The subject is \`${contract.subject}\`, the time of the event \`${contract.eventTime}\`.`,
    headers: STORE_HEADERS,
    body: requestBody(
      Object.fromEntries(
        Object.entries(RECORD_TYPES).map(([type, format]) => [type, bodySchema(format, recordComponent(contract))]),
      ),
    ),
    response: {
      ...receiptResponse(),
      ...problemResponses([...STORE_PROBLEMS, 'foreign-schema'], false),
    },
  }
}

function bodySchema(format: RecordFormat, component: string): object {
  const record = { $ref: component }
  switch (format) {
    case 'json':
      return { oneOf: [record, { type: 'array', items: record }] }
    case 'ndjson':
      return { allOf: [record], description: 'One record per line' }
    case 'avro':
      return { type: 'string', format: 'binary', description: 'Object container file, codec null or deflate' }
  }
}
