/**
 * `POST /fhir/R4`: a Bundle, each resource of which becomes records of one or several feeds. Errors are problems, or
 * OperationOutcomes for a client that accepts `application/fhir+json`; the receipt is the same as for any other body.
 */
import type { FastifyInstance } from 'fastify'
import { bundleItems } from '../decode/fhir/items.ts'
import { type AdmissionParts, admitBody, authenticate } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { checkFhirType } from '../http/media-types.ts'
import type { Ingest } from '../ingest/ingest.ts'

export interface FhirParts extends AdmissionParts {
  readonly ingest: Ingest
}

export function fhirRoute(app: FastifyInstance, parts: FhirParts): void {
  app.post('/fhir/R4', async (request, reply) => {
    const producer = authenticate(parts.keys, request)
    const type = request.headers['content-type']
    checkFhirType(type)
    const body = await admitBody(parts, request, reply.raw)
    const receivedAt = Date.now()
    const answer = await parts.ingest({
      provenance: { producer, receivedAt },
      feed: 'fhir',
      manyFeeds: true,
      idempotencyKey: request.headers['idempotency-key'],
      target: `${request.url} ${type ?? ''}`,
      body,
      items: bundleItems(body, receivedAt),
    })
    return sendAnswer(request, reply, answer)
  })
}
