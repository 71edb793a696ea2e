/** Builds the console's server; the caller listens. */
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { HttpSettings } from '#core/http/settings.ts'
import { type AdminDependencies, registerPublicHealth } from '#core/telemetry/admin-server.ts'
import type { SnapshotPublisher } from './collectors/snapshot-publisher.ts'
import { type LoginDependencies, registerLogin } from './login/routes.ts'
import { registerLive } from './routes/live.ts'
import { type Page, registerPage } from './routes/page.ts'
import { PROBLEM_TYPE, problem } from './routes/problem.ts'
import { registerSnapshot } from './routes/snapshot.ts'

export interface AppOptions extends Omit<LoginDependencies, 'guard'>, Pick<AdminDependencies, 'health'> {
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

export async function buildApp({ publisher, page, http, health, ...login }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({ ...http.server, logger: false, forceCloseConnections: true } as FastifyServerOptions)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
  })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Chainon console', version: page.version } },
  })
  const isOperator = registerLogin(app, { ...login, guard: http.guard })
  registerPublicHealth(app, health)
  registerSnapshot(app, publisher)
  registerLive(app, { publisher, headers: SECURITY_HEADERS, maxClients: MAX_CLIENTS, isOperator })
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
