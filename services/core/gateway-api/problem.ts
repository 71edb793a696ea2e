/** The gateway's answer to a request that it rejects or cannot serve: an RFC 9457 problem, with a code of the table of faults. */
import { type Static, Type } from 'typebox'
import { FAULTS, type FaultCode } from '../faults/codes.ts'
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
  },
  { $id: 'Problem', description: 'RFC 9457. Counts and errors of records come with the code `all-rejected` only' },
)
export type Problem = Readonly<Static<typeof Problem>>
