/** The gateway's answer to a request that it rejects or cannot serve: an RFC 9457 problem, with a code of the table of faults. */
import { type Static, Type } from 'typebox'
import { FAULTS, type FaultCode } from '../faults/codes.ts'
import { RECEIPT_ID } from './receipt.ts'
import { RECORD_COUNTS } from './record-counts.ts'

/** A fault code that has an HTTP status. */
export type ProblemCode = {
  [C in FaultCode]: (typeof FAULTS)[C] extends { readonly status: number } ? C : never
}[FaultCode]

/** A status that a problem may have. */
export type ProblemStatus = (typeof FAULTS)[ProblemCode]['status']

const PROBLEM_CODES: readonly ProblemCode[] = (Object.keys(FAULTS) as FaultCode[]).filter(
  (code): code is ProblemCode => 'status' in FAULTS[code],
)

export const Problem = Type.Object(
  {
    type: Type.String({ format: 'uri', description: '`urn:chainon:problem:` and the code' }),
    title: Type.String({ description: 'What the code means' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What to do, or what exactly is wrong; never a value of the request' }),
    instance: Type.Optional(Type.String({ format: 'uri', description: 'Names this request' })),
    code: Type.Enum([...PROBLEM_CODES]),
    ...Type.Partial(Type.Object(RECORD_COUNTS)).properties,
    receipt_id: Type.Optional(
      Type.String({
        pattern: RECEIPT_ID,
        description: '`partition-unavailable` only: names this answer, if it accepts any',
      }),
    ),
    unavailable: Type.Optional(
      Type.Integer({ minimum: 1, description: '`partition-unavailable` only: valid records that are not stored' }),
    ),
    unavailable_indexes: Type.Optional(
      Type.Immutable(
        Type.Array(Type.Integer({ minimum: 0 }), {
          description:
            '`partition-unavailable` only: every index of the request (entry of a Bundle) with a valid record that is not stored, ascending',
        }),
      ),
    ),
  },
  {
    $id: 'Problem',
    description:
      'RFC 9457. Counts and errors of records come with the codes `all-rejected` and `partition-unavailable` only',
  },
)
export type Problem = Readonly<Static<typeof Problem>>
