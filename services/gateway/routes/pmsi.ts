/** `POST /v1/pmsi`: lines of VID-HOSP and of grouped RSS, together. The receipt is the same as for any other body. */
import type { FastifyInstance, FastifySchema } from 'fastify'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { pmsiItems } from '../decode/pmsi/items.ts'
import { type AdmissionDependencies, admitBody } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { checkPmsiType } from '../http/media-types.ts'
import { withinScopes } from '../http/within-scopes.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { OnUnmapped } from '../ingest/unmapped.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'

export interface PmsiDependencies extends AdmissionDependencies {
  readonly ingest: Ingest
  readonly onUnmapped: OnUnmapped
  readonly maxRecordBytes: number
}

export function pmsiRoute(app: FastifyInstance, dependencies: PmsiDependencies): void {
  const { logins, onUnmapped, maxRecordBytes: maxLineBytes } = dependencies
  app.post('/v1/pmsi', { schema: pmsiSchema() }, async (request, reply) => {
    const access = await logins.login(request)
    checkPmsiType(request.headers['content-type'])
    const { body, claim, headers } = await admitBody(dependencies, request, reply, access.producer)
    const options = { receivedAt: Date.now(), maxLineBytes, onUnmapped }
    const answer = await dependencies.ingest({
      producer: access.producer,
      feed: 'pmsi',
      manyFeeds: true,
      idempotencyKey: request.headers['idempotency-key'],
      target: request.url,
      body,
      claim,
      items: () => withinScopes(pmsiItems(body, options), access, logins),
    })
    return sendAnswer(request, reply, answer, headers)
  })
}

function pmsiSchema(): FastifySchema {
  const lines = { type: 'string', description: 'Lines of VID-HOSP and of grouped RSS, in any order' }
  return {
    tags: ['PMSI'],
    operationId: 'sendPmsi',
    summary: 'Send stays of the PMSI',
    description: `Lines of VID-HOSP V015 and of grouped RSS 123 (RUM 023), in UTF-8 or ISO 8859-1. A line of VID-HOSP becomes a record of \`patient\`, a RUM one
of \`pmsi_stay\` and its diagnoses and acts records of \`diagnosis\` and \`procedure\`. Only VID-HOSP says whose a stay is: a RUM without the line of the
same number of the stay (NDA) in the same request is refused, and so is an RSS of which one line is refused. An error names the line by its index,
empty lines not counted, and its columns. \`docs/formats/pmsi.md\` lists what becomes of each column.

**Versions.** The \`record_version\` of every record is the time of receipt, in milliseconds since 1970: the lines that were received last are in force.`,
    headers: STORE_HEADERS,
    body: requestBody({ [MEDIA.pmsi]: lines }),
    response: { ...receiptResponse(), ...problemResponses(STORE_PROBLEMS, false) },
  }
}
