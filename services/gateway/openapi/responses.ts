/** The documented answers of a route, for its Fastify schema: from the codes that it may answer, by the one table of faults. */
import { type TSchema, Type } from 'typebox'
import { FAULTS } from '#core/faults/codes.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import { Problem, type ProblemCode, type ProblemStatus } from '#core/gateway-api/problem.ts'
import { Receipt } from '#core/gateway-api/receipt.ts'
import { OperationOutcome } from '../outcome.ts'
import { retryAfterSeconds } from '../problem.ts'

/** One documented answer, in the form that Fastify and @fastify/swagger read. */
interface DocumentedResponse {
  readonly description: string
  readonly headers: Readonly<Record<string, TSchema>>
  readonly content: Readonly<Record<string, { readonly schema: TSchema }>>
}

const HEADLINES: Readonly<Record<ProblemStatus, string>> = {
  400: 'The request cannot be read.',
  401: 'The API key, token or certificate is missing, not known or no longer in force.',
  403: 'The API key or token may not do this.',
  404: 'This address, or what it names, does not exist.',
  405: 'The address does not accept this method.',
  408: 'The body does not come.',
  409: 'The same request is still being processed.',
  413: 'The request is too large.',
  415: 'The media type or the encoding is not supported.',
  421: 'The request is for another host.',
  422: 'No record of the request is accepted.',
  429: 'Too many bytes are in flight, the producer has its share or its quota, or too many logins failed.',
  500: 'An error of Chainon itself.',
  503: 'A dependency of the gateway is unreachable, or a part of it, or records would expire unread; try again later.',
}

const RATE_LIMITS = {
  RateLimit: Type.String({
    description:
      'What is left of the quotas of the producer: `r` of them, for `t` seconds (draft-ietf-httpapi-ratelimit-headers-10); absent while Redis does not answer',
  }),
  'RateLimit-Policy': Type.String({
    description: 'The quotas of the producer: `q` within `w` seconds, in the unit `qu`',
  }),
}
const DEGRADED = Type.String({
  pattern: '^(?:idempotency(?:, quotas)?|quotas)$',
  description:
    'While Redis does not answer, what the request went without: `idempotency` (its key was not compared with earlier ones), `quotas` (not counted)',
})
const IDEMPOTENCY_REPLAYED = Type.Literal('true', { description: 'Present when this is the first answer, sent again' })

/**
 * @param outcome true when a client may accept an OperationOutcome instead
 * @returns the answer 202 of a route that stores records
 */
export function receiptResponse(outcome = false): Readonly<Record<number, DocumentedResponse>> {
  return {
    202: {
      description: 'Stored: every in-sync replica has the accepted records.',
      headers: { 'Idempotency-Replayed': IDEMPOTENCY_REPLAYED, 'Chainon-Degraded': DEGRADED, ...RATE_LIMITS },
      content: {
        [MEDIA.json]: { schema: Receipt },
        ...(outcome ? { [MEDIA.fhir]: { schema: OperationOutcome } } : {}),
      },
    },
  }
}

/**
 * @param codes all that the route may answer
 * @param fhir true when a client may accept an OperationOutcome instead
 * @returns one answer for each status of these codes; its `code` is narrowed to them
 */
export function problemResponses(
  codes: readonly ProblemCode[],
  fhir: boolean,
): Readonly<Record<number, DocumentedResponse>> {
  const byStatus = Map.groupBy(codes, (code) => FAULTS[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [status, problemResponse(status, ofStatus, fhir)]),
  )
}

function problemResponse(status: ProblemStatus, codes: readonly ProblemCode[], fhir: boolean): DocumentedResponse {
  const list = codes.map((code) => `- \`${code}\`: ${FAULTS[code].text}`).join('\n')
  return {
    description: `${HEADLINES[status]}\n\n${list}`,
    headers: headersOf(codes),
    content: {
      [MEDIA.problem]: {
        schema: Type.Intersect([Problem, Type.Object({ code: Type.Enum([...codes]), status: Type.Literal(status) })]),
      },
      ...(fhir ? { [MEDIA.fhir]: { schema: OperationOutcome } } : {}),
    },
  }
}

/** Codes of requests whose records were read. */
const ANSWERS: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['all-rejected', 'partition-unavailable'])

/** The headers that `sendProblem` and `sendAnswer` add to these codes; `Idempotency-Replayed` because `all-rejected` is stored and sent again. */
function headersOf(codes: readonly ProblemCode[]): Readonly<Record<string, TSchema>> {
  return {
    ...(codes.some((code) => retryAfterSeconds(code) !== undefined)
      ? { 'Retry-After': Type.Integer({ minimum: 1, description: 'Seconds after which to try again' }) }
      : {}),
    ...(codes.includes('missing-key') ? { 'WWW-Authenticate': Type.String() } : {}),
    ...(codes.includes('unsupported-encoding')
      ? { 'Accept-Encoding': Type.String({ description: 'With `unsupported-encoding`: the supported encodings' }) }
      : {}),
    ...(codes.some((code) => ANSWERS.has(code) || code === 'quota-exceeded') ? RATE_LIMITS : {}),
    ...(codes.some((code) => ANSWERS.has(code)) ? { 'Chainon-Degraded': DEGRADED } : {}),
    ...(codes.includes('all-rejected') ? { 'Idempotency-Replayed': IDEMPOTENCY_REPLAYED } : {}),
  }
}
