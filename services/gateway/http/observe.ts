/** Counts requests by their route's pattern, never by their address, and the bytes of their bodies in memory. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '#core/telemetry/metrics.ts'

export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  const requests = metrics.counter('chainon_gateway_requests', 'Requests by route and status')
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched')
    requests(1, { route, status: reply.statusCode })
  })
}

/** @returns a function to call with the current number of bytes of request bodies in memory */
export function inFlightGauge(metrics: Metrics): (bytes: number) => void {
  const gauge = metrics.gauge('chainon_gateway_inflight_bytes', 'Bytes of request bodies in memory')
  gauge(0, {})
  return (bytes) => gauge(bytes, {})
}
