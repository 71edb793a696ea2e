/** The answers to FHIR clients that accept `application/fhir+json`: receipts and problems as OperationOutcome. */
import { type Static, Type } from 'typebox'
import { FAULTS } from '#core/faults/codes.ts'
import { MEDIA } from '#core/gateway-api/media-types.ts'
import type { Problem, ProblemStatus } from '#core/gateway-api/problem.ts'
import type { Receipt } from '#core/gateway-api/receipt.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'

export const FHIR_TYPE = `${MEDIA.fhir}; charset=utf-8`

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

/** Of the issue of a receipt, in the same value set. */
const STORED = 'informational'

/** The subset of FHIR R4's OperationOutcome (hl7.org/fhir/R4/operationoutcome.html) that the gateway answers with. */
export const OperationOutcome = Type.Object(
  {
    resourceType: Type.Literal('OperationOutcome'),
    issue: Type.Array(
      Type.Object({
        severity: Type.Enum(['error', 'information']),
        code: Type.Enum([...new Set([...Object.values(ISSUE_TYPES), STORED])]),
        details: Type.Object({
          coding: Type.Array(
            Type.Object({
              system: Type.Enum(['urn:chainon:receipt', 'urn:chainon:problem', 'urn:chainon:rule']),
              code: Type.String({
                description: '`receipt_id` of the Receipt, `code` of the Problem, or `rule` of the RecordError',
              }),
            }),
          ),
          text: Type.String(),
        }),
        diagnostics: Type.String(),
        expression: Type.Optional(
          Type.Array(
            Type.String({
              description:
                'The entry of the Bundle, or the element in it; with `partition-unavailable` each entry that is to be sent again. Of a body without a Bundle: the element',
            }),
          ),
        ),
      }),
      { minItems: 1, description: 'One for the receipt or the problem, then one for each error of a record' },
    ),
  },
  { $id: 'OperationOutcome', description: 'hl7.org/fhir/R4/operationoutcome.html' },
)
export type OperationOutcome = Static<typeof OperationOutcome>

type Issue = OperationOutcome['issue'][number]

/** What was sent: an index is of an entry of a Bundle, or of a resource, which FHIRPath does not name. */
export type Sent = 'bundle' | 'resources'

export function outcomeOfProblem(problem: Problem, sent: Sent): OperationOutcome {
  const { unavailable_indexes: missing } = problem
  const named = missing !== undefined && sent === 'bundle' ? { expression: missing.map(entryOf) } : {}
  const listed = missing !== undefined && sent === 'resources' ? ` Indexes: ${missing.join(', ')}.` : ''
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: ISSUE_TYPES[FAULTS[problem.code].status],
        details: { coding: [{ system: 'urn:chainon:problem', code: problem.code }], text: problem.title },
        diagnostics: `${problem.detail}${listed}`,
        ...named,
      },
      ...(problem.errors ?? []).map((error) => issueOf(error, sent)),
    ],
  }
}

/** The resources are stored as records, and cannot be read: the receipt names them. */
export function outcomeOfReceipt({ receipt_id: code, accepted, rejected, errors }: Receipt): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'information',
        code: STORED,
        details: { coding: [{ system: 'urn:chainon:receipt', code }], text: 'Stored' },
        diagnostics: `${accepted} records accepted, ${rejected} rejected.`,
      },
      ...errors.map((error) => issueOf(error, 'resources')),
    ],
  }
}

function issueOf({ allowed, detail, feed, index, path, pointer, rule }: RecordError, sent: Sent): Issue {
  const at = sent === 'resources' ? `resource ${index}: ` : ''
  const element = path ?? (sent === 'bundle' ? entryOf(index) : undefined)
  return {
    severity: 'error',
    code: ISSUE_TYPES[422],
    details: { coding: [{ system: 'urn:chainon:rule', code: rule }], text: detail },
    diagnostics: `${at}${feed ?? 'no feed'} ${pointer || '/'}${allowed ? `: ${allowed.join(', ')}` : ''}`,
    ...(element === undefined ? {} : { expression: [element] }),
  }
}

const entryOf = (index: number) => `Bundle.entry[${index}]`
