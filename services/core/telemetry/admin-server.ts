/** The small HTTP endpoint that every worker has: /metrics, /health, /alarms. */
import type {} from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Alarms } from './alarms.ts'
import type { Metrics } from './metrics.ts'

/** The answer of `GET /health`; codes and names only. */
export interface Health {
  /** `starting`: it does not serve yet; `degraded`: it serves, and a part of its work is stopped or a dependency does not answer. */
  readonly status: 'ok' | 'starting' | 'degraded'
  readonly stopped?: readonly { readonly feed: string; readonly partition: number; readonly code: string }[]
  readonly unreachable?: readonly string[]
}

export interface AdminDependencies {
  readonly metrics: Metrics
  readonly alarms: Alarms
  health(): Health
}

/** Adds the three routes to a server that has others (the gateway's, the console's). */
export function registerAdminRoutes(app: FastifyInstance, dependencies: AdminDependencies): void {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await dependencies.metrics.scrape()),
  )
  app.get('/health', { schema: { hide: true } }, async (_request, reply) => {
    const health = dependencies.health()
    return reply.code(health.status === 'ok' ? 200 : 503).send(health)
  })
  app.get('/alarms', { schema: { hide: true } }, async () => dependencies.alarms.active())
}

/** @returns a server with only these routes; the caller listens */
export function adminServer(dependencies: AdminDependencies): FastifyInstance {
  const app = Fastify({ logger: false })
  registerAdminRoutes(app, dependencies)
  return app
}
