/** Builds the console's server; the caller listens. */
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import type { HttpSettings } from '#core/http/settings.ts'
import { type AdminDependencies, registerPublicHealth } from '#core/telemetry/admin-server.ts'
import type { SnapshotPublisher } from './collectors/snapshot-publisher.ts'
import { type LoginDependencies, registerLogin } from './login/routes.ts'
import { registerLive } from './routes/live.ts'
import { type Page, registerPage } from './routes/page.ts'
import { PROBLEM_TYPE, problem } from './routes/problem.ts'
import { type ReviewRoutes, registerReview } from './routes/review.ts'
import { registerSnapshot } from './routes/snapshot.ts'

export interface AppOptions
  extends Omit<LoginDependencies, 'guard'>,
    Pick<AdminDependencies, 'health'>,
    Omit<ReviewRoutes, 'login'> {
  readonly http: HttpSettings
  readonly publisher: SnapshotPublisher
  readonly page: Page
}

const MAX_CLIENTS = 50

/** The page runs only its own files, connects only to its own server, and no other page can show it in a frame. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: browsers then send `Origin: null` with the forms of the page itself, as they do for a page of another site.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

export async function buildApp({
  publisher,
  page,
  http,
  health,
  desk,
  links,
  mayReview,
  ...accounts
}: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({ ...http.server, logger: false, forceCloseConnections: true } as FastifyServerOptions)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
  })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Chainon console', version: page.version } },
  })
  const login = registerLogin(app, { ...accounts, guard: http.guard })
  registerPublicHealth(app, health)
  registerSnapshot(app, publisher)
  const isOperator = (request: FastifyRequest) => login.userOf(request) !== undefined
  registerLive(app, { publisher, headers: SECURITY_HEADERS, maxClients: MAX_CLIENTS, isOperator })
  registerReview(app, { login, desk, links, mayReview })
  registerPage(app, page)
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .type(PROBLEM_TYPE)
      .send(problem(404, 'not-found', 'This address does not exist.')),
  )
  return app
}
