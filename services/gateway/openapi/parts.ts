/** Parts of the OpenAPI document that do not depend on the contracts. */
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { MAX_ERRORS } from '../ingest/batch.ts'
import { PROBLEM_TYPE } from '../problem.ts'

export const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Any 1 to 255 printable ASCII characters that name this request; a repetition gets the first answer',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  ContentEncoding: {
    name: 'Content-Encoding',
    in: 'header',
    description: 'gzip, or nothing',
    schema: { type: 'string', enum: ['gzip', 'identity'] },
  },
} as const

function codes(...statuses: readonly number[]): readonly FaultCode[] {
  return (Object.keys(FAULTS) as FaultCode[]).filter((code) => {
    const fault = FAULTS[code]
    return 'status' in fault && statuses.includes(fault.status)
  })
}

export const SCHEMAS = {
  RecordError: {
    type: 'object',
    description: 'Why a record was rejected; never holds a value of it',
    required: ['index', 'pointer', 'rule', 'detail'],
    properties: {
      index: { type: 'integer', minimum: 0, description: 'Position in the request, from 0; of the entry for a Bundle' },
      feed: { type: 'string', description: 'FHIR only' },
      pointer: { type: 'string', description: "JSON pointer into the feed's record, empty for all of it" },
      rule: {
        type: 'string',
        enum: (Object.keys(FAULTS) as FaultCode[]).filter((code) => FAULTS[code].blame === 'record'),
      },
      detail: { type: 'string' },
    },
  },
  Receipt: {
    type: 'object',
    required: ['receipt_id', 'feed', 'accepted', 'rejected', 'errors'],
    properties: {
      receipt_id: { type: 'string' },
      feed: { type: 'string' },
      accepted: { type: 'integer', minimum: 1 },
      rejected: { type: 'integer', minimum: 0 },
      by_feed: {
        type: 'object',
        description: 'FHIR only',
        additionalProperties: {
          type: 'object',
          properties: { accepted: { type: 'integer' }, rejected: { type: 'integer' } },
        },
      },
      errors: { type: 'array', maxItems: MAX_ERRORS, items: { $ref: '#/components/schemas/RecordError' } },
      truncated: { const: true, description: 'There were more errors than are listed; the counts are exact' },
    },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status', 'detail', 'code'],
    properties: {
      type: { type: 'string', format: 'uri' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      instance: { type: 'string', format: 'uri' },
      code: { type: 'string', enum: codes(400, 401, 404, 405, 409, 413, 415, 422, 429, 503) },
      errors: { type: 'array', maxItems: MAX_ERRORS, items: { $ref: '#/components/schemas/RecordError' } },
    },
  },
} as const

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } }

function problem(what: string, ...statuses: readonly number[]): Record<string, unknown> {
  const listed = codes(...statuses).map((code) => `- \`${code}\`: ${FAULTS[code].text}`)
  return {
    description: `${what}\n\n${listed.join('\n')}`,
    ...(statuses.some((status) => [409, 429, 503].includes(status)) ? { headers: RETRY_AFTER } : {}),
    content: { [PROBLEM_TYPE.split(';')[0] ?? PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

/** Named R and the status: a component's name may not begin with a digit everywhere. */
export const RESPONSES: Readonly<Record<string, unknown>> = {
  R202: {
    description: 'Stored: every in-sync replica has the accepted records',
    headers: {
      'Idempotency-Replayed': {
        description: 'true when this is the first answer given again',
        schema: { type: 'string' },
      },
    },
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Receipt' } } },
  },
  R400: problem('The request cannot be read.', 400),
  R401: problem('No key, or not a good one.', 401),
  R404: problem('Nothing there.', 404),
  R409: problem('The same request is under way.', 409),
  R413: problem('Too much at once.', 413),
  R415: problem('Not a type that is taken.', 415),
  R422: problem('Nothing could be taken.', 422),
  R429: problem('Too much in flight.', 429),
  R503: problem('A part behind the gateway is away.', 503),
}
