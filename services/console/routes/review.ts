/** The review of links and their explanation: for accounts that may review. Of a record there are levels, weights and classes; no value. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Login } from '../login/routes.ts'
import type { Desk } from '../review/desk.ts'
import type { Asked, LinkServices } from '../review/link-services.ts'
import {
  type ExplainView,
  ExplainViewSchema,
  LISTS,
  RecordName,
  ReviewViewSchema,
  VerdictBodySchema,
  VerdictResultSchema,
} from '../review/view.ts'
import { PROBLEM_TYPE, problem, problemResponse } from './problem.ts'

export interface ReviewRoutes {
  readonly login: Login
  readonly desk: Desk
  readonly links: Pick<LinkServices, 'pair' | 'person' | 'history'>
  readonly mayReview: (user: string) => boolean
}

const ERRORS = {
  401: problemResponse('Nobody is logged in.'),
  403: problemResponse('The account may not review, or the token of the session is missing.'),
  422: problemResponse('A record is not known, or what was sent is wrong.'),
  503: problemResponse('The linker or curate cannot answer now.'),
}
const REVIEW = {
  operationId: 'getReview',
  summary: 'Pairs that the logged-in reviewer is to judge',
  querystring: Type.Object({ list: Type.Enum([...LISTS]), fresh: Type.Optional(Type.Literal('1')) }),
  response: { 200: ReviewViewSchema, ...ERRORS },
}
const VERDICT = {
  operationId: 'postVerdict',
  summary: 'A verdict on a pair; or `back`, which takes the own one back',
  body: VerdictBodySchema,
  response: { 200: VerdictResultSchema, ...ERRORS },
}
const EXPLAIN = {
  operationId: 'getExplanation',
  summary: 'Why two records are of one person, or of two; of one record its person and what became of it',
  querystring: Type.Object({ a: RecordName, b: Type.Optional(RecordName) }),
  response: { 200: ExplainViewSchema, ...ERRORS },
}

export function registerReview(server: FastifyInstance, { login, desk, links, mayReview }: ReviewRoutes): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>()
  const reviewerOf = (request: FastifyRequest, reply: FastifyReply): string | undefined => {
    const user = login.userOf(request)
    if (user !== undefined && mayReview(user)) return user
    send(reply, 403, 'not-a-reviewer', 'This account may not review links: CHAINON_CONSOLE_REVIEWERS has not its name.')
    return undefined
  }

  app.get('/api/link/review', { schema: REVIEW }, async (request, reply) => {
    const user = reviewerOf(request, reply)
    if (user === undefined) return reply
    const { list, fresh } = request.query
    return desk.view(user, list, fresh === '1')
  })
  app.post('/api/link/verdict', { schema: VERDICT }, async (request, reply) => {
    const user = reviewerOf(request, reply)
    if (user === undefined) return reply
    if (!login.hasToken(request))
      return send(reply, 403, 'csrf-token', 'Send the csrf_token of GET /api/session as X-CSRF-Token.')
    const taken = await desk.take(user, request.body)
    return taken ?? send(reply, 422, 'not-found', 'The pair is not in this list any more: load the page again.')
  })
  app.get('/api/link/explain', { schema: EXPLAIN, attachValidation: true }, async (request, reply) => {
    if (reviewerOf(request, reply) === undefined) return reply
    if (request.validationError)
      return send(
        reply,
        422,
        'wrong-record',
        'A record is named <feed>/p1_..., as in the review: for instance patient/p1_ and 43 characters.',
      )
    const { a, b } = request.query
    const [asked, history] = await Promise.all([
      b === undefined ? links.person(a) : links.pair([a, b]),
      links.history(a),
    ])
    if (asked.kind !== 'answer') return sendFailure(reply, asked)
    const explained = asked.value
    return {
      pair: 'tree' in explained ? null : explained,
      person: 'tree' in explained ? explained : null,
      history: history.kind === 'answer' ? history.value : null,
      problem: history.kind === 'answer' ? null : history.detail,
    } as ExplainView
  })
}

function sendFailure(reply: FastifyReply, { kind, detail }: Exclude<Asked<unknown>, { kind: 'answer' }>): FastifyReply {
  return kind === 'refused'
    ? send(reply, 422, 'not-found', detail)
    : send(reply, 503, 'dependency-unavailable', `${detail}.`)
}

function send(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send(problem(status, code, detail))
}
