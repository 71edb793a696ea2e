/** `POST /v1/feeds/{feed}/records`: one feed's records as JSON, NDJSON or Avro. One route per feed, so that each documents its own record. */
import type { FastifyInstance, FastifySchema } from 'fastify'
import type { FeedContract } from '#core/contract/types.ts'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import { avroItems } from '../decode/avro.ts'
import type { Item } from '../decode/item.ts'
import { jsonItems } from '../decode/json.ts'
import { ndjsonItems } from '../decode/ndjson.ts'
import type { FeedIntake } from '../encode/feed-encoder.ts'
import { type AdmissionParts, admitBody, authenticate } from '../http/admission.ts'
import { RECORD_TYPES, type RecordFormat, recordFormat } from '../http/media-types.ts'
import type { Batch } from '../ingest/batch.ts'
import { type TakeParts, take } from '../ingest/ingest.ts'
import { recordComponent } from '../openapi/install.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'
import { ProblemError } from '../problem.ts'

export interface RecordsParts extends TakeParts, AdmissionParts {
  readonly feeds: ReadonlyMap<string, FeedIntake>
  readonly maxRecordBytes: number
}

export function recordsRoutes(app: FastifyInstance, parts: RecordsParts): void {
  for (const intake of parts.feeds.values()) {
    const { feed } = intake.contract
    app.post(`/v1/feeds/${feed}/records`, { schema: recordsSchema(intake.contract) }, async (request, reply) => {
      const producer = authenticate(parts.keys, request)
      const format = recordFormat(request.headers['content-type'])
      const body = await admitBody(parts, request, reply.raw)
      return take(parts, request, reply, {
        producer,
        feed,
        manyFeeds: false,
        body,
        read: (batch) =>
          readRecords(batch, intake, itemsOf(format, body, intake, parts), format === 'avro' ? 'avro' : 'json'),
      })
    })
  }
  const unknownFeed = { hide: true, response: problemResponses(['missing-key', 'wrong-key', 'unknown-feed'], false) }
  app.post('/v1/feeds/:feed/records', { schema: unknownFeed }, async (request) => {
    authenticate(parts.keys, request)
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

function itemsOf(format: RecordFormat, body: Buffer, intake: FeedIntake, parts: RecordsParts): Generator<Item> {
  switch (format) {
    case 'json':
      return jsonItems(body, parts.maxRecordBytes)
    case 'ndjson':
      return ndjsonItems(body, parts.maxRecordBytes)
    case 'avro':
      return avroItems(body, intake.contract, parts.maxBodyBytes)
  }
}

async function readRecords(
  batch: Batch,
  intake: FeedIntake,
  items: Generator<Item>,
  source: 'json' | 'avro',
): Promise<void> {
  let index = 0
  for (const item of items) {
    if (item.fault) batch.reject(index, intake.contract.feed, [{ pointer: '', rule: item.fault }])
    else batch.take(intake, index, item.raw, source)
    index++
    if (yieldDue(index)) await yieldToEventLoop()
  }
}
