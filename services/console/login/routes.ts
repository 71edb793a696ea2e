/**
 * The login: `GET` and `POST /login`, `POST /logout`, `GET /api/session`, and the hook that lets only operators see anything else. The session's
 * cookie is HttpOnly and SameSite=Strict; what changes something also needs the session's CSRF token.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { FAULTS } from '#core/faults/codes.ts'
import { delayMs, failureCounts, isTold, senderOf } from '#core/http/failed-logins.ts'
import type { RequestGuard } from '#core/http/request-guard.ts'
import type { Hourly } from '#core/journal/hourly.ts'
import type { Journal } from '#core/journal/journal.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'
import { PROBLEM_TYPE, problem, problemResponse } from '../routes/problem.ts'
import { type Account, USER } from './account.ts'
import { loginPage } from './page.ts'
import { SESSION_SECONDS, type Sessions, sameText } from './sessions.ts'

export interface LoginDependencies {
  readonly account: Account
  readonly sessions: Sessions
  readonly guard: RequestGuard
  readonly journal: Pick<Journal, 'note'>
  /** Readings of figures, by address and hour. */
  readonly queries: Hourly
  readonly logger: Logger
  readonly metrics: Metrics
}

const COOKIE = 'chainon_session'
/** Seen without a login; of the page's files only those that the login itself shows. */
const PUBLIC: ReadonlySet<string> = new Set(['/login', '/health', '/css/base.css', '/css/login.css'])
/** Where figures are read. */
const QUERIES: ReadonlySet<string> = new Set(['/api/live', '/api/snapshot', '/api/ledger'])
const MAX_FORM_BYTES = 4_096
/** Failures within a minute after which nobody from there is heard: a password is easier to guess than a key. */
const MAX_OF_SENDER = 20
const MAX_OF_ALL = 200
const OPERATOR = { actor: `console:${USER}`, object: 'console', outcome: 'done', facts: {} } as const
const RETRY_AFTER_SECONDS = '60'

const SESSION = {
  operationId: 'getSession',
  summary: 'Who is logged in, and the token to send as `X-CSRF-Token` to `POST /logout`',
  response: {
    200: Type.Object({ user: Type.String(), csrf_token: Type.String() }),
    401: problemResponse('Nobody is logged in.'),
  },
}

/** @returns the token of the request's session, or undefined when nobody is logged in */
function sessionOf(request: FastifyRequest, sessions: Sessions): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === COOKIE && sessions.has(value)) return value
  }
  return undefined
}

/** Call it before other routes are added. @returns whether the operator of a request is still logged in */
export function registerLogin(
  app: FastifyInstance,
  dependencies: LoginDependencies,
): (request: FastifyRequest) => boolean {
  const { account, sessions, guard, journal, queries, logger, metrics } = dependencies
  const failed = metrics.counter('chainon_console_failed_logins', 'Logins that failed')
  const counts = failureCounts(() => performance.now())
  const queried = (url: string) =>
    queries.used(url, (hour, requests) => ({
      ...OPERATOR,
      action: 'query',
      object: `console:${url}`,
      facts: { hour, requests },
    }))
  const isOperator = (request: FastifyRequest) => sessionOf(request, sessions) !== undefined

  app.addHook('onRequest', async (request, reply) => {
    const refusal = guard(request.raw)
    if (refusal) return sendProblem(reply, FAULTS[refusal].status, refusal, FAULTS[refusal].text)
    const { url } = request.routeOptions
    if (request.is404 || (url !== undefined && PUBLIC.has(url))) return
    if (isOperator(request)) {
      if (url !== undefined && QUERIES.has(url)) queried(url)
      return
    }
    if (url === '/') return reply.redirect('/login', 303)
    return sendProblem(reply, 401, 'login-required', 'Log in at /login.')
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )

  app.get('/login', { schema: { hide: true } }, (_request, reply) => sendPage(reply, 200))
  app.post('/login', { schema: { hide: true } }, async (request, reply) => {
    const sender = senderOf(request.ip)
    if (counts.count(sender) >= MAX_OF_SENDER || counts.count('all') >= MAX_OF_ALL) {
      reply.header('retry-after', RETRY_AFTER_SECONDS)
      return sendPage(reply, 429, 'Too many logins failed. Try again in a minute.')
    }
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
    let matches: boolean
    try {
      matches = account.matches(form.get('user') ?? '', form.get('password') ?? '')
    } catch (error) {
      logger.error({ event: 'password-unreadable', err: safeError(error) })
      return sendPage(reply, 503, 'The file of the password cannot be read; the log of the console says why.')
    }
    if (!matches) {
      failed(1, {})
      counts.add('all')
      const failures = counts.add(sender)
      // What was typed as the user is not repeated: it may be the password.
      const facts = { reason: 'wrong-password', failures, sender }
      if (isTold(failures))
        journal.note({ actor: 'unknown', action: 'login-failed', object: 'console', outcome: 'refused', facts })
      logger.warn({ event: 'login-failed', sender, failures })
      await sleep(delayMs(failures))
      return sendPage(reply, 401, 'The user or the password is wrong.')
    }
    const token = sessions.begin()
    logger.info({ event: 'login', sender })
    journal.note({ ...OPERATOR, action: 'login' })
    return reply.header('set-cookie', cookie(request, token, SESSION_SECONDS)).redirect('/', 303)
  })
  app.get('/api/session', { schema: SESSION }, async (request) => ({
    user: USER,
    csrf_token: sessions.csrfToken(sessionOf(request, sessions) ?? ''),
  }))
  app.post('/logout', { schema: { hide: true } }, async (request, reply) => {
    const token = sessionOf(request, sessions) ?? ''
    const given = request.headers['x-csrf-token']
    if (typeof given !== 'string' || !sameText(given, sessions.csrfToken(token)))
      return sendProblem(reply, 403, 'csrf-token', 'Send the csrf_token of GET /api/session as X-CSRF-Token.')
    sessions.end(token)
    logger.info({ event: 'logout', sender: senderOf(request.ip) })
    journal.note({ ...OPERATOR, action: 'logout' })
    return reply
      .header('set-cookie', cookie(request, '', 0))
      .code(204)
      .send()
  })
  return isOperator
}

function cookie({ protocol }: FastifyRequest, token: string, seconds: number): string {
  const secure = protocol === 'https' ? '; Secure' : ''
  return `${COOKIE}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`
}

function sendPage(reply: FastifyReply, status: number, message?: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(loginPage(message))
}

function sendProblem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send(problem(status, code, detail))
}
