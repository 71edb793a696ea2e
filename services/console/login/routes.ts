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
const QUERIES: ReadonlySet<string> = new Set([
  ...['/api/live', '/api/snapshot', '/api/ledger'],
  ...['/api/link/review', '/api/link/explain'],
])
/** Pages, for which a browser without a session is led to the login. */
const PAGES: ReadonlySet<string> = new Set(['/', '/review', '/explain'])
const MAX_FORM_BYTES = 4_096
/** Failures within a minute after which nobody from there is heard: a password is easier to guess than a key. */
const MAX_OF_SENDER = 20
const MAX_OF_ALL = 200
const entryOf = (user: string) => ({ actor: `console:${user}`, object: 'console', outcome: 'done', facts: {} }) as const
const RETRY_AFTER_SECONDS = '60'

const SESSION = {
  operationId: 'getSession',
  summary: 'Who is logged in, and the token to send as `X-CSRF-Token` with what changes something',
  response: {
    200: Type.Object({ user: Type.String(), csrf_token: Type.String() }),
    401: problemResponse('Nobody is logged in.'),
  },
}

/** @returns the token of the request's session, or undefined when nobody is logged in */
function sessionOf(request: FastifyRequest, sessions: Sessions): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === COOKIE && sessions.userOf(value) !== undefined) return value
  }
  return undefined
}

/** Who is logged in: the user, and whether a request has the token that a page of his session alone can know. */
export interface Login {
  userOf(request: FastifyRequest): string | undefined
  hasToken(request: FastifyRequest): boolean
}

/** Call it before other routes are added. */
export function registerLogin(app: FastifyInstance, dependencies: LoginDependencies): Login {
  const { account, sessions, guard, journal, queries, logger, metrics } = dependencies
  const failed = metrics.counter('chainon_console_failed_logins', 'Logins that failed')
  const counts = failureCounts(() => performance.now())
  const queried = (user: string, url: string) =>
    queries.used(`${user} ${url}`, (hour, requests) => ({
      ...entryOf(user),
      action: 'query',
      object: `console:${url}`,
      facts: { hour, requests },
    }))
  const userOf = (request: FastifyRequest) => {
    const user = sessions.userOf(sessionOf(request, sessions))
    return user !== undefined && account.has(user) ? user : undefined
  }
  const hasToken = (request: FastifyRequest) => {
    const given = request.headers['x-csrf-token']
    return typeof given === 'string' && sameText(given, sessions.csrfToken(sessionOf(request, sessions) ?? ''))
  }

  app.addHook('onRequest', async (request, reply) => {
    const refusal = guard(request.raw)
    if (refusal) return sendProblem(reply, FAULTS[refusal].status, refusal, FAULTS[refusal].text)
    const { url } = request.routeOptions
    if (request.is404 || (url !== undefined && PUBLIC.has(url))) return
    const user = userOf(request)
    if (user !== undefined) {
      if (url !== undefined && QUERIES.has(url)) queried(user, url)
      return
    }
    if (url !== undefined && PAGES.has(url)) return reply.redirect('/login', 303)
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
    const user = form.get('user') ?? ''
    let matches: boolean
    try {
      matches = account.matches(user, form.get('password') ?? '')
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
    const token = sessions.begin(user)
    logger.info({ event: 'login', sender })
    journal.note({ ...entryOf(user), action: 'login' })
    return reply.header('set-cookie', cookie(request, token, SESSION_SECONDS)).redirect('/', 303)
  })
  app.get('/api/session', { schema: SESSION }, async (request) => ({
    user: userOf(request) ?? USER,
    csrf_token: sessions.csrfToken(sessionOf(request, sessions) ?? ''),
  }))
  app.post('/logout', { schema: { hide: true } }, async (request, reply) => {
    const token = sessionOf(request, sessions) ?? ''
    const user = userOf(request) ?? USER
    if (!hasToken(request))
      return sendProblem(reply, 403, 'csrf-token', 'Send the csrf_token of GET /api/session as X-CSRF-Token.')
    sessions.end(token)
    logger.info({ event: 'logout', sender: senderOf(request.ip) })
    journal.note({ ...entryOf(user), action: 'logout' })
    return reply
      .header('set-cookie', cookie(request, '', 0))
      .code(204)
      .send()
  })
  return { userOf, hasToken }
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
