/**
 * `GET /v1/receipts/{id}`: what became of the records of a request. `GET /v1/producers/me`: what came from a producer. Both for the producer of the key
 * alone: the receipt of another one does not exist for it.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { ProblemCode } from '#core/gateway-api/problem.ts'
import { ProducerSummary } from '#core/gateway-api/producer-summary.ts'
import { RECEIPT_ID } from '#core/gateway-api/receipt.ts'
import { MAX_RECEIPT_PAGE, ReceiptStates } from '#core/gateway-api/receipt-states.ts'
import { READ_OWN } from '#core/keys/scopes.ts'
import type { Logins } from '../http/logins.ts'
import { LOGIN_PROBLEMS } from '../openapi/requests.ts'
import { problemResponses } from '../openapi/responses.ts'
import { ProblemError } from '../problem.ts'
import type { createFollow, Question } from '../receipts/follow.ts'
import type { createSummary } from '../receipts/summary.ts'

export interface ReceiptsDependencies {
  readonly logins: Logins
  readonly follow: ReturnType<typeof createFollow>
  readonly summary: ReturnType<typeof createSummary>
}

const OWN_PROBLEMS: readonly ProblemCode[] = [...LOGIN_PROBLEMS, 'key-scope', 'producer-share']

const Query = Type.Object({
  from: Type.Optional(Type.Integer({ minimum: 0, description: 'Records from this index on' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_RECEIPT_PAGE, description: 'Records of one answer', default: 500 }),
  ),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'Only the record or records of this index' })),
  record_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1024, description: 'Only accepted records with this `record_id`' }),
  ),
})
const DEFAULT_LIMIT = 500
const MAX_INDEX = 2 ** 32 - 1

export function receiptsRoutes(app: FastifyInstance, { logins, follow, summary }: ReceiptsDependencies): void {
  const receipt = {
    tags: ['Receipts'],
    operationId: 'getReceipt',
    summary: 'What became of the records of a request',
    description: `Each record by its index. \`accepted\` is the only state that is sure to change; \`loaded\` may become \`replaced\` or \`cancelled\`. The names of
records are not stored: \`record_id\` is compared by a keyed hash.`,
    params: Type.Object({ id: Type.String({ pattern: RECEIPT_ID }) }),
    querystring: Query,
    response: {
      200: ReceiptStates,
      ...problemResponses(['bad-query', ...OWN_PROBLEMS, 'no-receipt', 'receipt-expired'], false),
    },
  }
  app.get<{ Params: { id: string } }>('/v1/receipts/:id', { schema: receipt }, async (request) => {
    const { producer } = await logins.login(request, READ_OWN)
    return await follow(producer, request.params.id, questionOf(request.query as Readonly<Record<string, unknown>>))
  })
  const me = {
    tags: ['Receipts'],
    operationId: 'getProducer',
    summary: 'What came from the producer of the key within a day, and what is left of its quotas',
    response: { 200: ProducerSummary, ...problemResponses(OWN_PROBLEMS, false) },
  }
  app.get('/v1/producers/me', { schema: me }, async (request) => {
    const { producer } = await logins.login(request, READ_OWN)
    return await summary(producer)
  })
}

/** @throws ProblemError bad-query */
function questionOf(query: Readonly<Record<string, unknown>>): Question {
  const unknown = Object.keys(query).find((name) => !Object.hasOwn(Query.properties, name))
  if (unknown !== undefined)
    throw new ProblemError('bad-query', `The parameters are ${Object.keys(Query.properties).join(', ')}.`)
  const index = integer(query, 'index', 0, MAX_INDEX)
  const { record_id: recordId } = query
  if (recordId !== undefined && (typeof recordId !== 'string' || recordId === '' || recordId.length > 1024))
    throw new ProblemError('bad-query', 'record_id is a text of 1 to 1024 characters, given once.')
  return {
    from: integer(query, 'from', 0, MAX_INDEX) ?? 0,
    limit: integer(query, 'limit', 1, MAX_RECEIPT_PAGE) ?? DEFAULT_LIMIT,
    ...(index === undefined ? {} : { index }),
    ...(recordId === undefined ? {} : { recordId }),
  }
}

function integer(
  query: Readonly<Record<string, unknown>>,
  name: keyof typeof Query.properties,
  min: number,
  max: number,
): number | undefined {
  const { [name]: text } = query
  if (text === undefined) return undefined
  const value = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : -1
  if (value < min || value > max) throw new ProblemError('bad-query', `${name} is an integer from ${min} to ${max}.`)
  return value
}
