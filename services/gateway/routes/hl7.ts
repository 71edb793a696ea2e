/** `POST /v1/hl7`: messages of HL7 v2, each of which becomes records of one or several feeds. The receipt is the same as for any other body. */
import type { FastifyInstance, FastifySchema } from 'fastify'
import { hl7Items } from '../decode/hl7/items.ts'
import { requestKey } from '../decode/hl7/request-key.ts'
import type { Settings } from '../decode/hl7/settings.ts'
import { type AdmissionDependencies, admitBody } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { checkHl7Type, HL7_TYPES } from '../http/media-types.ts'
import { withinScopes } from '../http/within-scopes.ts'
import { HL7_TARGET, type Ingest } from '../ingest/ingest.ts'
import type { OnUnmapped } from '../ingest/unmapped.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'

export interface Hl7Dependencies extends AdmissionDependencies {
  readonly ingest: Ingest
  readonly hl7: Settings
  readonly onUnmapped: OnUnmapped
  readonly maxRecordBytes: number
}

export function hl7Route(app: FastifyInstance, dependencies: Hl7Dependencies): void {
  const { logins, hl7, onUnmapped, maxRecordBytes } = dependencies
  app.post('/v1/hl7', { schema: hl7Schema() }, async (request, reply) => {
    const access = await logins.login(request)
    checkHl7Type(request.headers['content-type'])
    const { body, claim, headers } = await admitBody(dependencies, request, reply, access.producer)
    const answer = await dependencies.ingest({
      producer: access.producer,
      feed: 'hl7',
      manyFeeds: true,
      idempotencyKey: request.headers['idempotency-key'] ?? requestKey(body),
      target: HL7_TARGET,
      body,
      claim,
      items: () => withinScopes(hl7Items(body, hl7, Date.now(), maxRecordBytes, onUnmapped), access, logins),
    })
    return sendAnswer(request, reply, answer, headers)
  })
}

function hl7Schema(): FastifySchema {
  const message = { type: 'string', description: 'One message, several, or a batch (FHS, BHS, BTS, FTS), in ER7' }
  return {
    tags: ['HL7 v2'],
    operationId: 'sendHl7',
    summary: 'Send messages of HL7 v2',
    description: `Versions 2.3 to 2.8, and the French profile of PAM 2.5: ADT, ORU^R01, MDM, and orders (ORM^O01, OML^O21, OMP^O09). Each message becomes records of one or several feeds; an
error names the message by its index, and its place by segment, occurrence, field and component. The messages of a body are not one transaction.
\`docs/formats/hl7v2.md\` lists what each event and each field becomes, and what is refused.

**Sending again.** Without an \`Idempotency-Key\` a single message is known by MSH-10, a batch by BHS-11 or FHS-11, each with its sending application and
facility. The character set is that of MSH-18; a \`charset\` of the media type does not count.

**Versions.** The \`record_version\` of every record is MSH-7, in milliseconds since 1970, or the time of receipt where it is not precise to the minute or
more than a day ahead. Of equal versions the one that was received last is in force.`,
    headers: STORE_HEADERS,
    body: requestBody(Object.fromEntries(HL7_TYPES.map((type) => [type, message]))),
    response: { ...receiptResponse(), ...problemResponses(STORE_PROBLEMS, false) },
  }
}
