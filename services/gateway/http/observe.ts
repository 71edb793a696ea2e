/** Counts requests by their route's pattern, never by their address, and the bytes that they hold. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '#core/telemetry/metrics.ts'

export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  const requests = metrics.counter('chainon_gateway_requests', 'Requests by route and status')
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched')
    requests(1, { route, status: reply.statusCode })
  })
}

/** @returns a function to call with the number of bytes of request bodies held now */
export function inFlightGauge(metrics: Metrics): (bytes: number) => void {
  const gauge = metrics.gauge('chainon_gateway_inflight_bytes', 'Bytes of request bodies held now')
  gauge(0, {})
  return (bytes) => gauge(bytes, {})
}
