/** Sends the answer to a request whose records were read: a receipt, or the problem that not all could be accepted. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../ingest/receipt.ts'
import { FHIR_TYPE, operationOutcomeOf, PROBLEM_TYPE, retryAfterSeconds } from '../problem.ts'
import { DEGRADED_HEADER } from './degraded.ts'
import { wantsOutcome } from './problems.ts'

/** An answer in the form of a standard. */
export interface OtherForm {
  readonly status: number
  readonly type: string
  readonly body: object
}

/**
 * @param headers what is left of the quotas
 * @param form what is sent in place of the receipt or the problem
 */
export function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  form?: OtherForm,
): FastifyReply {
  const { status, body } = answer
  reply.code(status).headers(headers)
  if (answer.degraded)
    reply.header(
      DEGRADED_HEADER,
      ['idempotency', headers[DEGRADED_HEADER]].filter((part) => part !== undefined).join(', '),
    )
  if (answer.replayed) reply.header('idempotency-replayed', 'true')
  if (form) return reply.code(form.status).type(form.type).send(JSON.stringify(form.body))
  if (!('code' in body)) return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
  const retryAfter = retryAfterSeconds(body.code)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  if (wantsOutcome(request)) return reply.type(FHIR_TYPE).send(JSON.stringify(operationOutcomeOf(body)))
  return reply.type(PROBLEM_TYPE).send(JSON.stringify(body))
}
