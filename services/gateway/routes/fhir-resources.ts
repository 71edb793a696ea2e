/**
 * `POST /fhir/R4/{type}`, `PUT` and `DELETE /fhir/R4/{type}/{id}`: one resource, mapped as an entry of a Bundle with this method. Nothing can be read at these
 * addresses, so that the answer is 202 with the receipt, and neither 201 nor a Location.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { bundleItems } from '../decode/fhir/items.ts'
import { MAPPED_RESOURCES } from '../decode/fhir/map.ts'
import { type Addressed, openResource } from '../decode/fhir/resources.ts'
import { admitBody } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { checkResourceType, FHIR_TYPES } from '../http/media-types.ts'
import { withinScopes } from '../http/within-scopes.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'
import type { FhirDependencies } from './fhir.ts'

const BASE = `/fhir/R4/:type(${MAPPED_RESOURCES.join('|')})`
const PROBLEMS = STORE_PROBLEMS.filter((code) => code !== 'no-records')

export function fhirResourceRoutes(app: FastifyInstance, dependencies: FhirDependencies): void {
  const answer = (method: Addressed['method']) => async (request: FastifyRequest, reply: FastifyReply) =>
    await take(dependencies, request, reply, { method, ...(request.params as Omit<Addressed, 'method'>) })
  app.post(BASE, { schema: schemaOf('POST') }, answer('POST'))
  app.put(`${BASE}/:id`, { schema: schemaOf('PUT') }, answer('PUT'))
  app.delete(`${BASE}/:id`, { schema: schemaOf('DELETE') }, answer('DELETE'))
}

async function take(
  dependencies: FhirDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  addressed: Addressed,
): Promise<FastifyReply> {
  const { ingest, limits, logins, onUnmapped } = dependencies
  const access = await logins.login(request)
  const type = request.headers['content-type']
  // A DELETE may have no body, and then has no type.
  if (addressed.method !== 'DELETE' || type !== undefined) checkResourceType(type)
  const { body, claim, headers } = await admitBody(dependencies, request, reply, access.producer)
  const answer = await ingest({
    producer: access.producer,
    feed: 'fhir',
    manyFeeds: true,
    idempotencyKey: request.headers['idempotency-key'],
    target: `${addressed.method} ${request.url} ${type ?? ''}`,
    body,
    claim,
    items: () =>
      withinScopes(bundleItems(openResource(body, addressed, Date.now(), limits), onUnmapped), access, logins),
  })
  return sendAnswer(request, reply, answer, headers, { sent: 'resources' })
}

const DOES: Readonly<Record<Addressed['method'], readonly [operationId: string, summary: string, more: string]>> = {
  POST: ['sendResource', 'Send a FHIR R4 resource', 'The id of the resource stays: it names its records.'],
  PUT: [
    'putResource',
    'Send a FHIR R4 resource to its own address',
    'The id of the resource is that of the address. A first version and a later one are answered alike.',
  ],
  DELETE: [
    'deleteResource',
    'Cancel the records of a FHIR R4 resource',
    `Without a body, the record that the address names; a Patient and an Observation have records that their id does not name, and need the resource as the body
(\`delete-needs-resource\`).`,
  ],
}

function schemaOf(method: Addressed['method']): FastifySchema {
  const [operationId, summary, more] = DOES[method]
  const resource = { type: 'object', description: 'The resource (hl7.org/fhir/R4/resourcelist.html)' }
  return {
    tags: ['FHIR'],
    operationId,
    summary,
    description: `${more} It is mapped as an entry of a Bundle is, and answered with the same receipt (202): no resource is stored as such, and none
can be read. To a client that accepts \`application/fhir+json\` the receipt is an OperationOutcome.`,
    params: Type.Object({
      type: Type.Enum([...MAPPED_RESOURCES]),
      ...(method === 'POST' ? {} : { id: Type.String() }),
    }),
    headers: STORE_HEADERS,
    body: requestBody(Object.fromEntries(FHIR_TYPES.map((type) => [type, resource]))),
    response: { ...receiptResponse(true), ...problemResponses(PROBLEMS, true) },
  }
}
