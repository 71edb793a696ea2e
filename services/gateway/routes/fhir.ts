/**
 * `GET /fhir/R4/metadata`: what is mapped, for a FHIR client. `POST /fhir/R4`: a Bundle, or NDJSON of resources, each of which becomes records of one or several feeds.
 * Errors are problems, or OperationOutcomes for a client that accepts `application/fhir+json`; the receipt is the same as for any other body.
 */
import type { FastifyInstance, FastifySchema } from 'fastify'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { VERSION } from '#core/version.ts'
import { type BundleLimits, openBundle } from '../decode/fhir/bundle.ts'
import { CapabilityStatement, capabilityStatement } from '../decode/fhir/capabilities.ts'
import { bundleItems } from '../decode/fhir/items.ts'
import { MAPPED_RESOURCES } from '../decode/fhir/map.ts'
import { openLines } from '../decode/fhir/resources.ts'
import { type AdmissionDependencies, admitBody } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { FHIR_LINES_TYPES, FHIR_TYPES, fhirBody } from '../http/media-types.ts'
import { withinScopes } from '../http/within-scopes.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { OnUnmapped } from '../ingest/unmapped.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'

export interface FhirDependencies extends AdmissionDependencies {
  readonly ingest: Ingest
  readonly onUnmapped: OnUnmapped
  readonly limits: AdmissionDependencies['limits'] & BundleLimits
}

export function fhirRoute(app: FastifyInstance, dependencies: FhirDependencies): void {
  const capabilities = JSON.stringify(capabilityStatement(VERSION, new Date().toISOString()))
  app.get('/fhir/R4/metadata', { schema: metadataSchema() }, async (_request, reply) =>
    reply.type(MEDIA.fhir).send(capabilities),
  )
  app.post('/fhir/R4', { schema: bundleSchema() }, async (request, reply) => {
    const access = await dependencies.logins.login(request)
    const type = request.headers['content-type']
    const sent = fhirBody(type)
    const { body, claim, headers } = await admitBody(dependencies, request, reply, access.producer)
    const answer = await dependencies.ingest({
      producer: access.producer,
      feed: 'fhir',
      manyFeeds: true,
      idempotencyKey: request.headers['idempotency-key'],
      target: `${request.url} ${type ?? ''}`,
      body,
      claim,
      items: async () => {
        const open = sent === 'bundle' ? openBundle : openLines
        const bundle = await open(body, Date.now(), dependencies.limits)
        return withinScopes(bundleItems(bundle, dependencies.onUnmapped), access, dependencies.logins)
      },
    })
    return sendAnswer(request, reply, answer, headers, { sent })
  })
}

function metadataSchema(): FastifySchema {
  return {
    tags: ['FHIR'],
    operationId: 'capabilities',
    summary: 'The resources and elements that are mapped, as a CapabilityStatement',
    security: [],
    response: {
      200: { description: 'The CapabilityStatement', content: { [MEDIA.fhir]: { schema: CapabilityStatement } } },
    },
  }
}

function bundleSchema(): FastifySchema {
  const bundle = { type: 'object', description: 'Bundle (hl7.org/fhir/R4/bundle.html)' }
  const lines = { type: 'string', description: 'A resource for each line (hl7.org/fhir/R4/nd-json.html)' }
  return {
    tags: ['FHIR'],
    operationId: 'sendBundle',
    summary: 'Send a FHIR R4 Bundle, or resources as NDJSON',
    description: `A transaction, batch or collection of ${MAPPED_RESOURCES.join(', ')}. Each resource becomes records of one or several feeds (an
Observation with components one per component; a Patient with a day of death a \`death\` too). Other resources are rejected by the index of their entry with the
rule \`unmapped-resource\`. References are resolved inside the Bundle; a subject outside it must be a logical reference with an identifier.
\`entered-in-error\` cancels, and so does an entry with the method DELETE: with its resource, or by its address where the resource has one record under its own
id. A Bundle of any type is not atomic.

**NDJSON** (\`${MEDIA.fhirNdjson}\`), for the files of a bulk export: a resource for each line, mapped as an entry without a request. \`index\` counts the lines that are
not blank, references are resolved inside the body, and a malformed line is rejected alone. To a client that accepts \`${MEDIA.fhir}\` the receipt of
resources without a Bundle is an OperationOutcome.

**Meaning.** Statuses, intents, comparators, the precision of dates and the code systems have fields of their own. What no field keeps and what may turn a
meaning into its opposite (\`modifierExtension\`) is rejected: \`path\` names the element by FHIRPath, \`allowed\` what it may be.

**Versions.** The \`record_version\` of every record of a resource is \`meta.lastUpdated\` (an instant, with its offset), in milliseconds since 1970.
Without it, or if it is more than a day later than the receipt, it is the time of receipt: such a server must send the versions of a resource in
their order. \`meta.versionId\` does not count. Of equal versions the one that was received last is in force.`,
    headers: STORE_HEADERS,
    body: requestBody({
      ...Object.fromEntries(FHIR_TYPES.map((type) => [type, bundle])),
      ...Object.fromEntries(FHIR_LINES_TYPES.map((type) => [type, lines])),
    }),
    response: { ...receiptResponse(true), ...problemResponses(STORE_PROBLEMS, true) },
  }
}
