/** RFC 9457 problems of the console. */
import Type, { type Static } from 'typebox'

const ProblemSchema = Type.Object({
  type: Type.String({ format: 'uri' }),
  title: Type.String({ description: 'The code of the problem.' }),
  status: Type.Integer(),
  detail: Type.String(),
})
export type Problem = Static<typeof ProblemSchema>

export const PROBLEM_TYPE = 'application/problem+json'

/** For the `response` of a route's schema. */
export function problemResponse(description: string) {
  return { description, content: { [PROBLEM_TYPE]: { schema: ProblemSchema } } }
}

export function problem(status: number, code: string, detail: string): Problem {
  return { type: `urn:chainon:problem:${code}`, title: code, status, detail }
}
