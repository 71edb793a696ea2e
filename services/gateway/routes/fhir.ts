/**
 * `POST /fhir/R4`: a Bundle, each resource of which becomes records of one or several feeds. Errors are problems, or
 * OperationOutcomes for a client that accepts `application/fhir+json`; the receipt is the same as for any other body.
 */
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import { openBundle } from '../decode/fhir/bundle.ts'
import { mapResource } from '../decode/fhir/map.ts'
import { bomLength } from '../decode/ndjson.ts'
import { admitBody, authenticate } from '../http/admission.ts'
import { checkFhirType } from '../http/media-types.ts'
import type { Batch } from '../ingest/batch.ts'
import { take } from '../ingest/ingest.ts'
import { ProblemError } from '../problem.ts'
import type { RecordsParts } from './records.ts'

export function fhirRoute(app: FastifyInstance, parts: RecordsParts): void {
  app.post('/fhir/R4', async (request, reply) => {
    const producer = authenticate(parts.keys, request)
    checkFhirType(request.headers['content-type'])
    const body = await admitBody(parts, request, reply.raw)
    return take(parts, request, reply, {
      producer,
      feed: 'fhir',
      manyFeeds: true,
      body,
      read: (batch) => readBundle(batch, body, parts),
    })
  })
}

async function readBundle(batch: Batch, body: Buffer, parts: RecordsParts): Promise<void> {
  const bundle = openBundle(parse(body), batch.receivedAt)
  for (const [index, resource] of bundle.resources.entries()) {
    if (yieldDue(index)) await yieldToEventLoop()
    const mapped = mapResource(resource, bundle)
    if (!mapped.ok) {
      batch.reject(index, mapped.feed, [mapped.fault])
      continue
    }
    for (const { feed, record } of mapped.records) {
      const intake = parts.feeds.get(feed)
      if (intake) batch.take(intake, index, record, 'json')
      else batch.reject(index, undefined, [{ pointer: '', rule: 'unmapped-resource' }])
    }
  }
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body)) throw new ProblemError('malformed-body', 'The body is not UTF-8.')
  try {
    return JSON.parse(body.toString('utf8', bomLength(body)))
  } catch {
    throw new ProblemError('malformed-body', 'The body is not valid JSON.')
  }
}
