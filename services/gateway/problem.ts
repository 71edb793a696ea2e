/** Builds the answers to requests that fail: RFC 9457 problems. `outcome.ts` has the same for FHIR clients. */
import { FAULTS } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { Problem, ProblemCode } from '#core/gateway-api/problem.ts'

/** Seconds after which it makes sense to try again. */
const RETRY_AFTER: Partial<Record<ProblemCode, number>> = {
  'dependency-unavailable': 5,
  'partition-unavailable': 5,
  'backlog-near-retention': 30,
  'too-many-in-flight': 1,
  'producer-share': 1,
  'quota-exceeded': 60,
  'upload-too-slow': 1,
  'idempotency-in-flight': 2,
  'too-many-failed-logins': 60,
}

export const PROBLEM_TYPE = `${MEDIA.problem}; charset=utf-8`

/** Thrown to answer a request with a problem. `detail` is a text of the code; it never contains what was sent. */
export class ProblemError extends ChainonError {
  readonly status: number
  readonly problemCode: ProblemCode
  readonly detail: string
  /** Of the answer, besides those of its code. */
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: ProblemCode,
    detail?: string,
    options?: ErrorOptions & { readonly headers?: Readonly<Record<string, string>> },
  ) {
    super(code, detail ?? FAULTS[code].text, options)
    this.problemCode = code
    this.status = FAULTS[code].status
    this.detail = detail ?? FAULTS[code].text
    this.headers = options?.headers ?? {}
  }
}

/** Fields of a problem besides those that depend on its code. */
type Extensions = Partial<Omit<Problem, 'type' | 'title' | 'status' | 'code' | 'detail'>>

export function problemOf(code: ProblemCode, detail: string, extensions: Extensions = {}): Problem {
  const { text, status } = FAULTS[code]
  return { type: `urn:chainon:problem:${code}`, title: text, status, detail, code, ...extensions }
}

export function retryAfterSeconds(code: ProblemCode): number | undefined {
  return RETRY_AFTER[code]
}
