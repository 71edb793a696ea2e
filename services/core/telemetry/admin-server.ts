/** The small HTTP endpoint that every service has: /metrics, /health, /alarms. Gateway and console have it at a port of its own. */
import type {} from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { FAULTS } from '../faults/codes.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { Alarms } from './alarms.ts'
import type { Metrics } from './metrics.ts'

/** The answer of `GET /health`; codes and names only. */
export interface Health {
  /**
   * `starting`: it does not serve yet; `standby`: it waits for another process that does its work; `degraded`: it serves, and a part of its work is stopped or a
   * dependency does not answer.
   */
  readonly status: 'ok' | 'starting' | 'standby' | 'degraded'
  readonly stopped?: readonly { readonly feed: string; readonly partition: number; readonly code: string }[]
  readonly unreachable?: readonly string[]
}

export interface AdminDependencies {
  readonly metrics: Metrics
  readonly alarms: Alarms
  health(): Health
}

/** `GET /health` at a port for everybody: it says only whether the service works. */
export function registerPublicHealth(app: FastifyInstance, health: AdminDependencies['health']): void {
  app.get('/health', { schema: { hide: true } }, async (_request, reply) => {
    const ok = health().status === 'ok'
    return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'unavailable' })
  })
}

/** @returns a server with only these three routes; the caller listens */
export function adminServer(dependencies: AdminDependencies, { server, guard }: HttpSettings): FastifyInstance {
  const app = Fastify({ ...server, logger: false } as FastifyServerOptions)
  app.addHook('onRequest', async (request, reply) => {
    const refusal = guard(request.raw)
    if (refusal) return reply.code(FAULTS[refusal].status).send({ code: refusal, title: FAULTS[refusal].text })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await dependencies.metrics.scrape()),
  )
  app.get('/health', async (_request, reply) => {
    const health = dependencies.health()
    return reply.code(health.status === 'ok' || health.status === 'standby' ? 200 : 503).send(health)
  })
  app.get('/alarms', async () => dependencies.alarms.active())
  return app
}
