/** Sends the answer to a request whose records were read: a receipt, or the problem that not all could be accepted. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../ingest/receipt.ts'
import { FHIR_TYPE, outcomeOfProblem, outcomeOfReceipt, type Sent } from '../outcome.ts'
import { PROBLEM_TYPE, retryAfterSeconds } from '../problem.ts'
import { DEGRADED_HEADER } from './degraded.ts'
import { wantsOutcome } from './problems.ts'

/** An answer in the form of a standard. */
export interface OtherForm {
  readonly status: number
  readonly type: string
  readonly body: object
}

/** In which form a client that accepts it gets its answer. */
export interface AnswerForm {
  /** Resources without a Bundle have their receipt, too, as an OperationOutcome. */
  readonly sent?: Sent
  /** Sent in place of the receipt or the problem. */
  readonly other?: OtherForm | undefined
}

/**
 * @param headers what is left of the quotas
 */
export function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  { sent = 'bundle', other }: AnswerForm = {},
): FastifyReply {
  const { status, body } = answer
  reply.code(status).headers(headers)
  if (answer.degraded)
    reply.header(
      DEGRADED_HEADER,
      ['idempotency', headers[DEGRADED_HEADER]].filter((part) => part !== undefined).join(', '),
    )
  if (answer.replayed) reply.header('idempotency-replayed', 'true')
  if (other) return reply.code(other.status).type(other.type).send(JSON.stringify(other.body))
  const outcome = wantsOutcome(request)
  if (!('code' in body) && outcome && sent === 'resources')
    return reply.type(FHIR_TYPE).send(JSON.stringify(outcomeOfReceipt(body)))
  if (!('code' in body)) return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
  const retryAfter = retryAfterSeconds(body.code)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (outcome) return reply.type(FHIR_TYPE).send(JSON.stringify(outcomeOfProblem(body, sent)))
  return reply.type(PROBLEM_TYPE).send(JSON.stringify(body))
}
