/**
 * `POST /v1/dicom`: one DICOM file. `POST /dicomweb/studies`: the store transaction of DICOMweb (STOW-RS), several files as parts. Each becomes a
 * record of `imaging`; its pixels are kept only in an object store. The receipt is the same as for any other body, or a data set for a client that accepts one.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { KeyAccess } from '#core/keys/store.ts'
import { dicomItems, type Part } from '../decode/dicom/items.ts'
import { boundaryOf, partsOf } from '../decode/dicom/multipart.ts'
import { storeResponse } from '../decode/dicom/store-response.ts'
import type { Settings } from '../decode/hl7/settings.ts'
import { type AdmissionDependencies, admitBody } from '../http/admission.ts'
import { sendAnswer } from '../http/answer.ts'
import { checkDicomType, dicomPartsType } from '../http/media-types.ts'
import { withinScopes } from '../http/within-scopes.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { OnUnmapped } from '../ingest/unmapped.ts'
import { requestBody, STORE_HEADERS, STORE_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses, receiptResponse } from '../openapi/responses.ts'

export interface DicomDependencies extends AdmissionDependencies {
  readonly ingest: Ingest
  readonly hl7: Settings
  readonly onUnmapped: OnUnmapped
  readonly maxRecordBytes: number
  /** Whether files with pixels are written to the object store. */
  readonly keepFiles: boolean
}

/** How a body becomes files, and of which study they must be. */
interface Reading {
  readonly parts: (body: Buffer) => Iterable<Part>
  readonly study?: string
}

export function dicomRoutes(app: FastifyInstance, dependencies: DicomDependencies): void {
  app.post('/v1/dicom', { schema: fileSchema() }, async (request, reply) => {
    const access = await dependencies.logins.login(request)
    checkDicomType(request.headers['content-type'])
    return await store(dependencies, request, reply, access, { parts: (file) => (file.length > 0 ? [{ file }] : []) })
  })
  for (const path of ['/dicomweb/studies', '/dicomweb/studies/:study'] as const)
    app.post<{ Params: { study?: string } }>(path, { schema: partsSchema(path) }, async (request, reply) => {
      const access = await dependencies.logins.login(request)
      const boundary = boundaryOf(dicomPartsType(request.headers['content-type']))
      const { study } = request.params
      return await store(dependencies, request, reply, access, {
        parts: (body) => partsOf(body, boundary),
        ...(study === undefined ? {} : { study }),
      })
    })
}

async function store(
  dependencies: DicomDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  access: KeyAccess,
  { parts, study }: Reading,
): Promise<FastifyReply> {
  const { hl7: settings, keepFiles, logins, maxRecordBytes: maxBytes, onUnmapped } = dependencies
  const { producer } = access
  const { body, claim, headers } = await admitBody(dependencies, request, reply, producer)
  const options = {
    settings,
    receivedAt: Date.now(),
    maxBytes,
    onUnmapped,
    keepFiles,
    ...(study === undefined ? {} : { study }),
  }
  const answer = await dependencies.ingest({
    producer,
    feed: 'dicom',
    manyFeeds: true,
    idempotencyKey: request.headers['idempotency-key'],
    target: request.url,
    body,
    claim,
    items: () => withinScopes(dicomItems(parts(body), options), access, logins),
  })
  const form = wantsDataset(request) ? await storeResponse(parts(body), answer, maxBytes) : undefined
  return sendAnswer(request, reply, answer, headers, { other: form && { ...form, type: MEDIA.dicomJson } })
}

function wantsDataset(request: FastifyRequest): boolean {
  return request.url.startsWith('/dicomweb/') && (request.headers.accept ?? '').includes(MEDIA.dicomJson)
}

/** One file: a body that is none of DICOM is a record that is refused. */
const FILE_PROBLEMS = STORE_PROBLEMS.filter((code) => code !== 'malformed-body' && code !== 'too-many-records')

function fileSchema(): FastifySchema {
  return {
    tags: ['DICOM'],
    operationId: 'sendDicom',
    summary: 'Send a DICOM file',
    description: `A file of PS3.10, explicit or implicit, deflated too, with its pixels or cut before them. It becomes one record of \`imaging\`; pixels,
waveforms and overlays are not looked at, and kept only where the operator has an object store, de-identified. An error names the element by its tag. \`docs/formats/dicom.md\` lists what becomes of each
element, and what is refused.

**Versions.** The \`record_version\` is the time of receipt, in milliseconds since 1970: the file that was received last is in force. A record is
withdrawn as JSON, with the operation \`cancel\`.`,
    headers: STORE_HEADERS,
    body: requestBody({ [MEDIA.dicom]: { type: 'string', format: 'binary', description: 'One file' } }),
    response: { ...receiptResponse(), ...problemResponses(FILE_PROBLEMS, false) },
  }
}

const Dataset = Type.Record(Type.String(), Type.Unknown(), { description: 'A data set in DICOM JSON (PS3.18, F)' })

function partsSchema(path: string): FastifySchema {
  const one = path.endsWith(':study')
  const { 202: receipt } = receiptResponse()
  const problems = problemResponses(STORE_PROBLEMS, false)
  const dataset = { [MEDIA.dicomJson]: { schema: Dataset } }
  return {
    tags: ['DICOM'],
    operationId: one ? 'storeStudy' : 'storeInstances',
    summary: one ? 'Store instances of a study (STOW-RS)' : 'Store instances (STOW-RS)',
    description: `The store transaction of DICOMweb (PS3.18, 10.5): files as parts of \`multipart/related; type="application/dicom"\`. A client that
accepts \`application/dicom+json\` gets the data set of that transaction with the instances that are stored and those that are not; where that cannot be
told of each, and every other client, the receipt. There is nothing to retrieve.${one ? ' An instance of another study is refused (`other-study`).' : ''}`,
    headers: STORE_HEADERS,
    ...(one ? { params: Type.Object({ study: Type.String({ description: 'Study Instance UID' }) }) } : {}),
    body: requestBody({ 'multipart/related': { type: 'string', format: 'binary', description: 'Files as parts' } }),
    response: {
      ...problems,
      200: {
        description: 'For a client that accepts it: all instances are stored.',
        headers: receipt?.headers,
        content: dataset,
      },
      202: { ...receipt, content: { ...receipt?.content, ...dataset } },
      409: {
        description: `${problems[409]?.description} For a client that accepts it: no instance is stored.`,
        headers: { ...problems[409]?.headers, ...receipt?.headers },
        content: { ...problems[409]?.content, ...dataset },
      },
    },
  }
}
