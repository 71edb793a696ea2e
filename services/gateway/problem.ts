/** Builds the answers to requests that fail: RFC 9457 problems, and for FHIR clients the same as OperationOutcome. */
import { type Static, Type } from 'typebox'
import { FAULTS } from '#core/faults/codes.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { Problem, ProblemCode, ProblemStatus } from '#core/gateway-api/problem.ts'

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
export const FHIR_TYPE = `${MEDIA.fhir}; charset=utf-8`

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

/** Of the value set hl7.org/fhir/R4/valueset-issue-type.html, by the status of the problem. */
const ISSUE_TYPES = {
  400: 'invalid',
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-supported',
  408: 'timeout',
  409: 'conflict',
  413: 'too-long',
  415: 'not-supported',
  421: 'not-found',
  422: 'invalid',
  429: 'throttled',
  500: 'exception',
  503: 'transient',
} as const satisfies Record<ProblemStatus, string>

/** The subset of FHIR R4's OperationOutcome (hl7.org/fhir/R4/operationoutcome.html) that the gateway answers with. */
export const OperationOutcome = Type.Object(
  {
    resourceType: Type.Literal('OperationOutcome'),
    issue: Type.Array(
      Type.Object({
        severity: Type.Literal('error'),
        code: Type.Enum([...new Set(Object.values(ISSUE_TYPES))]),
        details: Type.Object({
          coding: Type.Array(
            Type.Object({
              system: Type.Enum(['urn:chainon:problem', 'urn:chainon:rule']),
              code: Type.String({ description: '`code` of the Problem, or `rule` of the RecordError' }),
            }),
          ),
          text: Type.String(),
        }),
        diagnostics: Type.String(),
        expression: Type.Optional(
          Type.Array(
            Type.String({
              pattern: '^Bundle\\.entry\\[\\d+\\]',
              description:
                'The entry of the Bundle, or the element in it; with `partition-unavailable` each entry that is to be sent again',
            }),
          ),
        ),
      }),
      { minItems: 1, description: 'One for the problem, then one for each error of a record' },
    ),
  },
  { $id: 'OperationOutcome', description: 'hl7.org/fhir/R4/operationoutcome.html' },
)
export type OperationOutcome = Static<typeof OperationOutcome>

/** The same problem as an OperationOutcome, for clients that accept `application/fhir+json`. */
export function operationOutcomeOf(problem: Problem): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: ISSUE_TYPES[FAULTS[problem.code].status],
        details: { coding: [{ system: 'urn:chainon:problem', code: problem.code }], text: problem.title },
        diagnostics: problem.detail,
        ...(problem.unavailable_indexes ? { expression: problem.unavailable_indexes.map(entryOf) } : {}),
      },
      ...(problem.errors ?? []).map((error) => ({
        severity: 'error' as const,
        code: ISSUE_TYPES[422],
        details: { coding: [{ system: 'urn:chainon:rule' as const, code: error.rule }], text: error.detail },
        diagnostics: `${error.feed ?? 'no feed'} ${error.pointer || '/'}${error.allowed ? `: ${error.allowed.join(', ')}` : ''}`,
        expression: [error.path ?? entryOf(error.index)],
      })),
    ],
  }
}

const entryOf = (index: number) => `Bundle.entry[${index}]`
