/** Counts requests by their route's pattern, never by their address, and the bytes that they have in memory. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '#core/telemetry/metrics.ts'
import type { ShareLimit } from './shares.ts'

export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  const requests = metrics.counter('chainon_gateway_requests', 'Requests by route and status')
  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched')
    requests(1, { route, status: reply.statusCode })
  })
}

/** @returns a function to call with the current number of bytes in memory because of requests */
export function inFlightGauge(metrics: Metrics): (bytes: number) => void {
  const gauge = metrics.gauge(
    'chainon_gateway_inflight_bytes',
    'Bytes of request bodies, and of their records, in memory',
  )
  gauge(0, {})
  return (bytes) => gauge(bytes, {})
}

/** Which limit ended a request or a connection; never whose it was. */
export type RefusalReason =
  | ShareLimit
  | 'slow-rate'
  | 'slow-total'
  | 'slow-headers'
  | 'large-headers'
  | `quota-${'requests' | 'records' | 'bytes'}`

export type Refused = (reason: RefusalReason) => void

export function countRefused(metrics: Metrics): Refused {
  const refused = metrics.counter('chainon_gateway_refused', 'Requests and connections that a limit ended, by reason')
  return (reason) => refused(1, { reason })
}
