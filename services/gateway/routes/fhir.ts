/**
 * `POST /fhir/R4`: a Bundle, each resource of which becomes records of one or several feeds. Errors are problems, or
 * OperationOutcomes for a client that accepts `application/fhir+json`; the receipt is the same as for any other body.
 */
import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { yieldDue, yieldToEventLoop } from '#core/process/event-loop.ts'
import { openBundle } from '../decode/fhir/bundle.ts'
import { MAPPED_RESOURCES, mapResource } from '../decode/fhir/map.ts'
import { bomLength } from '../decode/ndjson.ts'
import { admitBody, authenticate } from '../http/admission.ts'
import { checkFhirType, FHIR_TYPES } from '../http/media-types.ts'
import type { Batch } from '../ingest/batch.ts'
import { take } from '../ingest/ingest.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'
import { ProblemError } from '../problem.ts'
import type { RecordsParts } from './records.ts'

export function fhirRoute(app: FastifyInstance, parts: RecordsParts): void {
  app.post('/fhir/R4', { schema: bundleSchema() }, async (request, reply) => {
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

function bundleSchema(): FastifySchema {
  const bundle = { type: 'object', description: 'Bundle (hl7.org/fhir/R4/bundle.html)' }
  return {
    tags: ['FHIR'],
    operationId: 'sendBundle',
    summary: 'Send a FHIR R4 Bundle',
    description: `A transaction, batch or collection of ${MAPPED_RESOURCES.join(', ')}. Each resource becomes records of one or several feeds (an
Observation with components one per component; a Patient with a day of death a \`death\` too). Other resources are rejected by the index of their entry with the
rule \`unmapped-resource\`. References are resolved inside the Bundle; a subject outside it must be a logical reference with an identifier.
\`entered-in-error\` cancels. The Bundle is not atomic, whatever its type.`,
    headers: STORE_HEADERS,
    body: requestBody(Object.fromEntries(FHIR_TYPES.map((type) => [type, bundle]))),
    response: { ...receiptResponse(), ...problemResponses(STORE_PROBLEMS, true) },
  }
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
