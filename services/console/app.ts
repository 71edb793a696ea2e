/** Builds the console's server; the caller listens. */
import Fastify, { type FastifyInstance } from 'fastify'
import { type AdminParts, registerAdminRoutes } from '#core/telemetry/admin-server.ts'
import type { Station } from './collectors/station.ts'
import { registerLive } from './routes/live.ts'
import { type Page, registerPage } from './routes/page.ts'
import { problem } from './routes/problem.ts'
import { registerSnapshot } from './routes/snapshot.ts'

export interface AppParts extends AdminParts {
  readonly station: Station
  readonly page: Page
}

const MOST_CLIENTS = 50

/** The page runs only its own files, talks only to its own server and stands in nobody's frame. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

export function buildApp({ station, page, ...admin }: AppParts): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true })
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
  })
  registerAdminRoutes(app, admin)
  registerSnapshot(app, station)
  registerLive(app, { station, headers: SECURITY_HEADERS, mostClients: MOST_CLIENTS })
  registerPage(app, page)
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send(problem(404, 'not-found', 'There is nothing at this address.')),
  )
  return app
}
