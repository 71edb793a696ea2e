/** Answers to requests that cannot be served: RFC 9457 problems, and for FHIR clients the same as OperationOutcome. */
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'

type Statused = { [C in FaultCode]: (typeof FAULTS)[C] extends { status: number } ? C : never }[FaultCode]

/** A fault code that has an HTTP status. */
export type ProblemCode = Statused

/** A record's fault in an answer: names and rules, never a value. */
export interface RecordError {
  /** Position of the record in the request, from 0; of the entry for a FHIR Bundle. */
  readonly index: number
  /** Feed that the record was for; FHIR only, where one request feeds several. */
  readonly feed?: string
  /** JSON pointer into the feed's record; empty for the record as a whole. */
  readonly pointer: string
  readonly rule: string
  readonly detail: string
}

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly code: ProblemCode
  readonly errors?: readonly RecordError[]
  readonly [extension: string]: unknown
}

/** Seconds after which it makes sense to try again. */
const RETRY_AFTER: Partial<Record<ProblemCode, number>> = {
  'dependency-unavailable': 5,
  'too-many-in-flight': 1,
  'idempotency-in-flight': 2,
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'
export const FHIR_TYPE = 'application/fhir+json; charset=utf-8'

/** Thrown to answer a request with a problem. `detail` is written here in the code, never made of what was sent. */
export class ProblemError extends ChainonError {
  readonly status: number
  readonly problemCode: ProblemCode
  readonly detail: string
  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions) {
    super(code, detail ?? FAULTS[code].text, options)
    this.problemCode = code
    this.status = FAULTS[code].status
    this.detail = detail ?? FAULTS[code].text
  }
}

export function problemOf(code: ProblemCode, detail: string, extensions: Record<string, unknown> = {}): Problem {
  const { text, status } = FAULTS[code]
  return { type: `urn:chainon:problem:${code}`, title: text, status, detail, code, ...extensions }
}

export function retryAfterSeconds(code: ProblemCode): number | undefined {
  return RETRY_AFTER[code]
}

/**
 * The same problem as a FHIR R4 OperationOutcome (hl7.org/fhir/R4/operationoutcome.html), for clients that accept
 * `application/fhir+json`: one issue for the problem, then one for each record's fault.
 */
export function operationOutcomeOf(problem: Problem): Record<string, unknown> {
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: issueType(problem.code),
        details: { coding: [{ system: 'urn:chainon:problem', code: problem.code }], text: problem.title },
        diagnostics: problem.detail,
      },
      ...(problem.errors ?? []).map((error) => ({
        severity: 'error',
        code: 'invalid',
        details: { coding: [{ system: 'urn:chainon:rule', code: error.rule }], text: error.detail },
        diagnostics: `${error.feed ?? 'no feed'} ${error.pointer || '/'}`,
        expression: [`Bundle.entry[${error.index}]`],
      })),
    ],
  }
}

function issueType(code: ProblemCode): string {
  switch (FAULTS[code].status) {
    case 401:
      return 'login'
    case 404:
      return 'not-found'
    case 405:
    case 415:
      return 'not-supported'
    case 409:
      return 'conflict'
    case 413:
      return 'too-long'
    case 429:
      return 'throttled'
    case 503:
      return 'transient'
    case 500:
      return 'exception'
    default:
      return 'invalid'
  }
}
