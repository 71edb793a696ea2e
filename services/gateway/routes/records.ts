/** `POST /v1/feeds/{feed}/records`: one feed's records as JSON, NDJSON or Avro. */
import type { FastifyInstance } from 'fastify'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import { avroItems } from '../decode/avro.ts'
import type { Item } from '../decode/item.ts'
import { jsonItems } from '../decode/json.ts'
import { ndjsonItems } from '../decode/ndjson.ts'
import type { FeedIntake } from '../encode/feed-encoder.ts'
import { type AdmissionParts, admitBody, authenticate } from '../http/admission.ts'
import { type RecordFormat, recordFormat } from '../http/media-types.ts'
import type { Batch } from '../ingest/batch.ts'
import { type TakeParts, take } from '../ingest/ingest.ts'
import { ProblemError } from '../problem.ts'

export interface RecordsParts extends TakeParts, AdmissionParts {
  readonly feeds: ReadonlyMap<string, FeedIntake>
  readonly maxRecordBytes: number
}

export function recordsRoute(app: FastifyInstance, parts: RecordsParts): void {
  app.post<{ Params: { feed: string } }>('/v1/feeds/:feed/records', async (request, reply) => {
    const producer = authenticate(parts.keys, request)
    const intake = parts.feeds.get(request.params.feed)
    if (!intake) throw new ProblemError('unknown-feed', 'GET /v1/feeds lists the feeds.')
    const format = recordFormat(request.headers['content-type'])
    const body = await admitBody(parts, request, reply.raw)
    return take(parts, request, reply, {
      producer,
      feed: intake.contract.feed,
      manyFeeds: false,
      body,
      read: (batch) =>
        readRecords(batch, intake, itemsOf(format, body, intake, parts), format === 'avro' ? 'avro' : 'json'),
    })
  })
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
